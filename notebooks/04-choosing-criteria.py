# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Choosing the criteria
#
# The programme fixes some numbers (a tenth of a city's area, D5; two criteria, D4) and leaves others open: how the two are joined,
# whether the tenth is each city's or the region's (D6), how complete a month must be for a satellite, how many cells are warned,
# and in which unit a change is ranked. This notebook changes one number at a time and looks at what the list does. It ends
# with the lines for a study file.
#
# The study is the synthetic one in its small form; put `hs.load_study("data/studies/...")` in its place for a real one. What a real
# study shows will differ: here 144 cells stand in two cities, and 14 of them are on the list.

# %%
import tomllib
from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd

import hotspot as hs

hs.chinese_plots()

month = hs.synthetic_month(size="small")
study, year = month.study, int(month.month[:4])
study.cells  # laid once; showing a study computes nothing
study

# %% [markdown]
# Every number that decides stands in the last table, with its clause or the word *proposal*. A proposal is ours: change it if
# you have a better reason than we had.
#
# ## The list as it is

# %%
selected = hs.derive_year(study, year)
hs.table(selected.hot, study=study, most=6)

# %% [markdown]
# ## Two criteria (D4)
#
# A cell counts by the worse of its two ranks: high concentration, and high emission level. A cell to the right and low
# down has much air from elsewhere; it is listed by concentration alone, and not by both.

# %%
alone = hs.select_hotspots(selected.annual, study.with_criteria(selection={"second_criterion": "none"}), year)
both, single = set(selected.hot["cell"]), set(alone["cell"])
mean, level = selected.annual["pm25"].to_series(), selected.level["level"].to_series()
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.plot(mean, level, ".", color="0.75", label="未列入 not listed")
for cells, look, colour, words in (
    (both & single, "o", "#101418", "两种都列入 listed either way"),
    (both - single, "s", "#0059b3", "仅双指标列入 by both criteria only"),
    (single - both, "D", "#a34c04", "仅浓度列入 by concentration alone"),
):
    axes.plot(mean[sorted(cells)], level[sorted(cells)], look, color=colour, label=words)
axes.set(xlabel="年均 annual mean PM2.5, μg/m³", ylabel="排放水平 emission level, μg/m³", title=f"网格 cells, {year}")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Which quota, and of what (D5, D6)
#
# D6 tells of cities with fewer than 80 and more than 200 cells, so one share for every city is only one reading. `per_city` fills
# each city's own tenth, `regional` takes the region's heaviest cells wherever they lie, `mixed` does the same between a floor and a cap
# for each city. The overlap with the list above is |A and B| / |A or B|.

# %%
rows, shares = [], {}
whole = pd.Series(selected.standing.city_area)
for mode in ("per_city", "regional", "mixed"):
    for share in (0.08, 0.10, 0.12):
        other = study.with_criteria(selection={"quota_mode": mode, "quota_share": share})
        hot = hs.select_hotspots(selected.annual, other, year, level=selected.level)
        cells = set(hot["cell"])
        rows.append((mode, f"{share:.0%}", *hot.groupby("city").size().reindex(whole.index, fill_value=0),
                     round(len(cells & both) / len(cells | both), 2)))  # fmt: skip
        if share == 0.10:
            shares[mode] = 100e6 * hot.groupby("city")["area_km2"].sum().reindex(whole.index, fill_value=0) / whole
pd.DataFrame(rows, columns=["mode", "share", *[f"cells, {name}" for name in whole.index], "overlap"])

# %%
axes = pd.DataFrame(shares).plot.bar(figsize=(7, 3.2), rot=0, color=["#101418", "#0059b3", "#e08214"])
axes.axhline(10, color="0.4", lw=1, ls="--")
axes.set(xlabel="", ylabel="占城市面积 share of the city's area, %")
axes.figure.tight_layout()

# %% [markdown]
# ## How complete a month must be
#
# Clouds leave a satellite fewer days than a station has, so the 27 days of GB 3095 cannot be asked of it. A stricter rule makes fewer
# cells eligible, and those that drop out are the cloudy ones, not the clean ones: with 14 days hardly anybody of the list is left to be
# listed. A looser rule lets a few clear days stand for a month.

# %%
delivered = hs.open_year(study, year - 1, kinds=("satellite", "reference"))
rows = []
for days in (5, 10, 12, 14):
    other = study.with_criteria(validity={"satellite_month_days": days})
    annual = hs.annual_field(replace(delivered, study=other), study.cells)
    cells = set(hs.select_hotspots(annual, other, year, level=selected.level)["cell"])
    rows.append((days, int(annual["valid"].sum()), len(cells), len(cells & both)))
pd.DataFrame(rows, columns=["days a month needs", "cells with a valid year", "listed", "listed above too"])

# %% [markdown]
# ## What the list hangs on
#
# The list is made again with other errors of measurement and of the level, a quota one point smaller and larger, without each month,
# and by the levels that could have stood in place of the inversion; the last move no cell's standing. A cell that falls out of more than a tenth of the lists of any kind is *marginal*: it may be listed,
# and its county may object, and both are right about the data.

# %%
rivals = {name: selected.level[name].values for name in ("stagnant", "contrast", "richardson_lucy", "box")}
told = hs.sensitivity(
    selected.annual, study, year, level=selected.level, months=selected.months,
    level_without=selected.level["level_without"], rivals=rivals,
)  # fmt: skip
told.variants.round(2)

# %%
firm = told.cells[told.cells["listed"] | told.cells["marginal"]].sort_values(["listed", "stability"])
kinds = ["error", "quota", "month"]
figure, axes = plt.subplots(figsize=(7, 0.28 * len(firm) + 1.2), layout="constrained")
drawn = axes.imshow(100 * firm[kinds], aspect="auto", cmap="cividis", vmin=0, vmax=100)
axes.set_xticks(range(3), kinds)
axes.set_yticks(range(len(firm)), [f"{r.cell}{'' if r.listed else '  (not listed)'}" for r in firm.itertuples()])
axes.set_title("改动后仍在名单 how often a cell stands on a changed list")
figure.colorbar(drawn, ax=axes, label="占改动名单 share of the changed lists, %")
plt.show()

# %%
f"{int((told.cells['listed'] & ~told.cells['marginal']).sum())} of {len(both)} listed cells stand firmly"

# %% [markdown]
# ## How many cells are warned, and in which unit (D9)
#
# Neither k nor the unit of change is published. A large k warns cells that the data cannot tell from those left off; in per cent a clean
# cell with a small base rises fast, in ug/m3 a dirty one does. Here the bases are alike and both units warn nearly the same cells; where
# clean and dirty cells share a list they part. `rank_standing` has every hotspot cell with its confidence, listed or not.

# %%
field, daily = hs.monthly_field(month)
rows = []
for change in ("percent", "absolute"):
    for k in (1, 3, 5):
        rule = {"change": change, "k": dict.fromkeys(("highest", "year_on_year", "month_on_month"), k)}
        warned = hs.rank_warnings(field, selected.hot, study.with_criteria(warning=rule).criteria, daily=daily)
        sure = int(warned["distinguishable"].sum())
        rows.append((change, k, warned["cell"].nunique(), len(warned), sure, warned["p_top"].mean()))
pd.DataFrame(rows, columns=["unit", "k", "cells warned", "rows", "told apart", "mean certainty"]).round(2)

# %%
standing = hs.rank_standing(field, selected.hot, study.criteria, daily=daily)
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for reason, zh, look, colour in (("year_on_year", "同比", "s", "#0059b3"), ("month_on_month", "环比", "D", "#00695c")):
    rows = standing[standing["reason"] == reason]
    for listed, fill in ((True, "full"), (False, "none")):
        part = rows[rows["listed"].astype(bool) == listed]
        words = f"{zh} {reason.replace('_', ' ')}, {'预警 warned' if listed else '未预警 not warned'}"
        change, rate = part["change"].astype(float), part["change_pct"].astype(float)
        axes.plot(change, rate, look, fillstyle=fill, color=colour, label=words)
axes.set(xlabel="变化 change, μg/m³", ylabel="变化率 change, %", title=f"热点网格 hotspot cells, {month.month}")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The runners-up of one class, with the certainty that each belongs on the list:

# %%
hs.table(standing[standing["reason"] == "year_on_year"], study=study, most=8)

# %% [markdown]
# ## Into the study file
#
# What you decided goes into the study's TOML file, with the reason beside it; what is not written stays as the profile has it. The
# manifest of every month prints all of it. The last line reads the snippet back, so that a wrong key would stop here and not in December.

# %%
snippet = """
[criteria.selection]
quota_share = 0.10              # D5
quota_mode = "mixed"            # D6: the region's heaviest cells, but every city between floor and cap
floor_share = 0.03
cap_share = 0.20
second_criterion = "required"   # weather is delivered every month; a list by concentration alone is not wanted

[criteria.validity]
satellite_month_days = 10       # fewer cells would be judged with 14

[criteria.warning]
change = "percent"
k = { highest = 3, year_on_year = 3, month_on_month = 3 }
"""
chosen = study.with_criteria(**tomllib.loads(snippet)["criteria"])
pd.DataFrame(hs.deciding(chosen.criteria)).query("set_by == 'study'")[["key", "value", "clause"]]
