# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # A rank and its doubt
#
# A list of warnings is a list of ranks, and a rank is only as good as the differences behind it. This notebook takes one month
# apart: how wide a rank is, who may be among the worst, what another criterion would have done, and what changed since the list
# before. The worlds on which the confidence was measured are in `docs/how-sure-is-a-rank.md`.

# %%
import tempfile

import matplotlib.pyplot as plt
import pandas as pd
import xarray as xr

import hotspot as hs

hs.chinese_plots()
month = hs.synthetic_month(size="small")
study, year = month.study, int(month.month[:4])
selected = hs.derive_year(study, year)
field, daily = hs.monthly_field(month)
standing = hs.rank_standing(field, selected.hot, study.criteria, daily=daily)

# %% [markdown]
# ## How wide a rank is
#
# Every hotspot cell of a city with the ranks it may truly hold this month (95 %). Where two bars overlap, the data do not say which
# cell is worse; the printed rank is the best guess and no more.

# %%
ranks = standing[standing["reason"] == "highest"].sort_values(["city", "rank"])
groups = list(ranks.groupby("city", sort=False))
figure, panels = plt.subplots(1, len(groups), figsize=(4 * len(groups), 3.6), layout="constrained", squeeze=False)
for axes, (city, rows) in zip(panels[0], groups, strict=True):
    colours = rows["listed"].astype(bool).map({True: "#b3261e", False: "0.6"})
    place = range(1, len(rows) + 1)
    axes.hlines(place, rows["rank_low"], rows["rank_high"], color=colours, lw=5)
    axes.plot(rows["rank"], place, "k|", ms=9, label="公布名次 printed rank")
    axes.set(xlabel="可能名次 rank it may hold", title=city, ylim=(len(rows) + 0.5, 0.5))
panels[0][0].set_ylabel("按名次 cells by printed rank")
for colour, words in (("#b3261e", "预警网格 warned"), ("0.6", "未上榜 not warned")):
    axes.plot([], [], color=colour, lw=5, label=words)
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
plt.show()

# %% [markdown]
# ## Two claims, kept apart
#
# `p_top` speaks of this month: the probability that the cell is among the k worst of its city. `p_again` speaks of a month like
# this one: whether it would be again. The first can be near 1 while the second is not, and the notice says which is meant.

# %%
columns = ["cell", "rank", "pm25", "p_top", "p_again", "rank_low", "rank_high", "distinguishable"]
ranks.loc[ranks["listed"].astype(bool), columns].round(2)

# %% [markdown]
# ## What another criterion would have done
#
# One call for one change. Of the yearly list what acts on the selection can be asked, of a month what acts on the ranking; what acts
# before (completeness, the field) has to be derived again, and `what_if` says so.

# %%
asked = {
    "a quota of 8 %": {"quota_share": 0.08},
    "a quota of 12 %": {"quota_share": 0.12},
    "concentration alone": {"second_criterion": "none"},
}
told = {words: hs.what_if(study, selected, selection=rule) for words, rule in asked.items()}
pd.DataFrame({words: table.attrs for words, table in told.items()}).T.round(2)

# %%
told["concentration alone"].query("what != 'stays'").head(8).round(1)

# %% [markdown]
# ## Two lists beside each other
#
# The same comparison between any two lists: here the warnings by rates of change and by ug/m3. Two published months are compared in the
# same way, from `hs.read_warnings(FOLDER)`.

# %%
by_rate = hs.rank_warnings(field, selected.hot, study.criteria, standing=standing)
absolute = study.with_criteria(warning={"change": "absolute"})
by_amount = hs.rank_warnings(field, selected.hot, absolute.criteria, daily=daily)
both = hs.compare_lists(by_rate, by_amount)
print(both.attrs)
both[both["what"] != "stays"].round(1)

# %% [markdown]
# ## Kept and opened again
#
# A field is a CF file like any other; opened again it ranks the same.

# %%
path = f"{tempfile.mkdtemp()}/field.nc"
field.to_netcdf(path)
again = hs.rank_warnings(xr.open_dataset(path), selected.hot, study.criteria)
bool((again["cell"] == by_rate["cell"]).all())
