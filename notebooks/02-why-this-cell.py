# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Why this cell?
#
# A county asks why its cell is on the list. Everything needed for the answer is in the month itself.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import HTML

import hotspot as hs

hs.chinese_plots()
month = hs.synthetic_month(size="small")
study, out = month.study, tempfile.mkdtemp()
hot = hs.open_hotspots(study, int(month.month[:4]), out=out)
derived = hs.derive(study, month.month, hot=hot, folder=Path(out) / study.id)
cell = derived.warned.sort_values(["rank", "cell"])["cell"].iloc[0]
cell

# %%
hs.table(derived.warned[derived.warned["cell"] == cell], study=study)

# %% [markdown]
# ## In words

# %%
answer = hs.explain_cell(study, month.month, cell, out=out, derived=derived)
print("\n".join(answer["sentences"]))

# %% [markdown]
# ## In numbers: three months, each with its completeness

# %%
pd.DataFrame(answer["months"]).T.rename(columns={"pm25": "pm25, ug/m3", "pm25_error": "error (1 sd), ug/m3"})

# %% [markdown]
# ## Against the other hotspot cells of its city
#
# A rank without its confidence is a guess: the bar is the monthly mean with one standard error.

# %%
now = derived.field.isel(time=-1).sel(cell=hot.loc[hot["city"] == answer["place"]["city"], "cell"].to_numpy())
now = now.sortby("pm25", ascending=False)
frame = now[["pm25", "pm25_error"]].to_dataframe()[["pm25", "pm25_error"]]
axes = frame["pm25"].plot.bar(
    yerr=frame["pm25_error"], figsize=(9, 3), ylabel="月均 monthly PM2.5, μg/m³", xlabel="热点网格 hotspot cell"
)

# %% [markdown]
# ## Where the wind came from, and when it was dirty
#
# The nearest reference station speaks for the cell. Left: how often the wind came from where. Right: in which directions and at which
# wind speeds the highest quarter of its hours lie (conditional probability, CPF). Calm hours have no direction and stand in the middle.

# %%
place = study.cells.sel(cell=cell)
away = np.hypot(month.reference["lon"] - place["lon"], month.reference["lat"] - place["lat"])
station = str(month.reference["station"].values[int(away.argmin("station"))])
hours = {"month": month.month, "utc_offset": study.utc_offset, "criteria": study.criteria}
rose = hs.month_rose(month.weather, float(place["lon"]), float(place["lat"]), **hours)
polar = hs.station_polar(month.weather, month.reference, station, **hours)
HTML(hs.wind_rose_svg(rose, size_mm=90) + hs.polar_svg(polar, size_mm=90))

# %% [markdown]
# ## What stands upwind
#
# The lift says how much oftener the wind came from a facility in the dirtiest hours than in all of them; its interval holds 1 where the
# data cannot tell. Wind evidence is a lead for an inspector, not a verdict.

# %%
hs.table(derived.traced[derived.traced["cell"] == cell])

# %% [markdown]
# ## What to inspect

# %%
hs.table(derived.checklist[derived.checklist["cell"] == cell], most=12)
