# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # One month, from delivered files to the list
#
# The synthetic study in its small form: two invented cities, 144 cells of 3 km, everything made on the spot from one seed.
# Each step below is a decision somebody may question, and each result can be looked at alone.

# %%
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

import hotspot as hs

hs.chinese_plots()
month = hs.synthetic_month(size="small")
study = month.study
study.cells  # laid once; showing a study computes nothing
study

# %% [markdown]
# The lattice below it. A cell's code names the same ground in every study and every year.

# %%
study.grid

# %% [markdown]
# ## What was delivered
#
# Every row that was read is used, a duplicate, or quarantined; nothing is lost.

# %%
month.intake.counts

# %%
pd.DataFrame([vars(row) for row in month.intake.quarantine[:5]])[["path", "row", "column", "value", "rule"]]

# %% [markdown]
# ## Satellite to cells
#
# Exact area weights; a cell that was mostly cloud stays empty.

# %%
coarse = hs.aggregate(month.satellite, study.cells)
seen = coarse["coverage"].mean("cell").to_series().loc[month.month]
axes = seen.plot(figsize=(8, 2.4), ylabel="观测面积占比 share observed", xlabel="日期 local day")

# %% [markdown]
# ## The month's field, with its error
#
# Days become a monthly mean only when enough of them were seen, and the reference stations correct it.

# %%
field, daily = hs.monthly_field(month)
now = field.isel(time=-1)
print(field.attrs["method"], "| left-out stations: rmse", round(field.attrs["loo_rmse"], 1), "ug/m3")
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for axes, name, words in ((left, "pm25", "PM2.5, μg/m³"), (right, "pm25_error", "误差 error (1 sd), μg/m³")):
    drawn = axes.scatter(now["x"] / 1000, now["y"] / 1000, c=now[name], s=46, marker="s")
    figure.colorbar(drawn, ax=axes, label=words)
    axes.set(xlabel="东 east, km", aspect="equal")
left.set_ylabel("北 north, km")
figure.tight_layout()

# %% [markdown]
# ## The year's hotspot cells, and who is warned
#
# `p_worst` is the probability of being the worst of the city, `rank_low..rank_high` the ranks the cell may truly hold, and
# `distinguishable` says whether the data can tell it from those left off the list.

# %%
out = tempfile.mkdtemp()
hot = hs.open_hotspots(study, int(month.month[:4]), out=out)
warned = hs.rank_warnings(field, hot, study.criteria, daily=daily)
hs.table(warned, study=study)

# %% [markdown]
# The list itself is a plain table, unrounded, to compute with; `hs.table` is for looking.

# %%
warned[["cell", "reason", "pm25", "change", "p_worst", "p_top"]].head(3)

# %%
hs.table(hs.not_ranked(field, hot, study.criteria))

# %% [markdown]
# ## What stands in and around the warned cells

# %%
traced = hs.trace_sources(
    warned, month.weather, month.facilities, cells=study.cells, stations=month.reference, criteria=study.criteria
)
hs.table(traced, most=8)

# %% [markdown]
# ## The map

# %%
hs.web_map(field, warned, traced, hot=hot, facilities=month.facilities, study=study)

# %% [markdown]
# ## All of it, published
#
# The month appears whole or not at all; running it again changes no byte, and an outsider can derive it again. For people there are the
# notice to the cities (`notice.docx`, `notice.pdf`), the analysis report (`report.pdf`), the field sheets, the checklists and the map; for
# machines the lists, `cells.parquet` and the manifest.

# %%
folder = hs.run_month(study, month.month, out=out)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# What was printed, read back as anybody can who has the file:

# %%
printed = hs.read_warnings(folder / "warnings.csv")
hs.table(printed[printed["reason"] == "highest"], study=study)

# %% [markdown]
# Whole, as its manifest and the ledger say. Without `rederive=False`, and with the study's files, the month is made again and
# compared byte for byte, as an outsider does it (`docs/start.md`).

# %%
hs.verify_month(folder, rederive=False)["verified"]
