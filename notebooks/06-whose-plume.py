# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Whose plume is it?
#
# A warned cell sends people to sources; this notebook looks at why in that order. Every hour of every station is one observation of
# which plumes passed it, the register says who may have sent them, and the answer is a share for each: of the plants, of what no
# register holds, of what came from outside. How often the first is right stands in `docs/tracing.md`, nearest-first beside it.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hotspot as hs

hs.chinese_plots()
month = hs.synthetic_month(size="small")
study = month.study
hot = hs.derive_year(study, int(month.month[:4])).hot
field, _ = hs.monthly_field(month)
warned = hs.rank_warnings(field, hot, study.criteria)
asked = {"cells": study.cells, "stations": month.reference, "micro": month.stations, "criteria": study.criteria}
traced = hs.trace_sources(warned, month.weather, month.facilities, **asked)
cell = traced.loc[traced["share"].idxmax(), "cell"]
hs.table(traced[traced["cell"] == cell])

# %% [markdown]
# ## Shares with their doubt
#
# The bar is the middle of what the hours allow, the line its 90 %. What is left over is said too: it belongs to nobody on the register.

# %%
own = traced[traced["cell"] == cell].sort_values("share")
figure, axes = plt.subplots(figsize=(7, 0.4 * len(own) + 1.4), layout="constrained")
axes.barh(own["name"], 100 * own["share"], color="#9ecae1")
axes.hlines(own["name"], 100 * own["share_low"], 100 * own["share_high"], color="#0059b3", lw=2)
axes.set(xlabel="占本格排放贡献 share of what all of them add, %", title=cell, xlim=(0, 100))
plt.show()
rest = traced.attrs["hours"][cell]
{
    "未登记 not in the register": round(float(rest["unregistered_share"]), 2),
    "格外 outside": round(float(rest["outside_share"]), 2),
}

# %% [markdown]
# ## What would have to be wrong
#
# The same month with the wind turned around, and with the first plant struck from the register. If the order came from the map alone,
# turning the wind would change nothing; if the hours speak, the first plant loses its place, and a plant that is gone leaves its share
# to the rest: to what no register holds and to the air from outside. Only this cell is asked: no cell's answer hangs on another's.

# %%
first, here = own.iloc[-1], warned[warned["cell"] == cell]
turned = month.weather.assign(u10=-month.weather["u10"], v10=-month.weather["v10"])
others = month.facilities[month.facilities["facility"] != first["facility"]]
worlds = {
    "as it was": traced,
    "wind turned by 180°": hs.trace_sources(here, turned, month.facilities, **asked),
    "first plant struck out": hs.trace_sources(here, month.weather, others, **asked),
}
rows = []
for words, table in worlds.items():
    share = table[table["cell"] == cell].set_index("facility")["share"]
    told = table.attrs["hours"][cell]
    rows.append((words, share.get(first["facility"], np.nan), share.drop(first["facility"], errors="ignore").sum(),
                 told["unregistered_share"], told["outside_share"]))  # fmt: skip
columns = ["world", first["name"], "the other plants", "not in the register", "outside"]
pd.DataFrame(rows, columns=columns).set_index("world").astype(float).round(2)

# %% [markdown]
# ## Not in the register
#
# Where in the cell and its ring an unlisted source would explain the hours best, and which of the 36 sub-cells of 500 m the stations
# cannot see at all. There nothing is pointed at.

# %%
told = traced.attrs["unregistered"][cell]
print(
    "look first in",
    [place for *_, place in told["look"]] or "nowhere",
    "| cannot be told for",
    len(told["unseen"]),
    "of 36",
)
