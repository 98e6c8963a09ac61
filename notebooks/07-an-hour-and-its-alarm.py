# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # An hour and its alarm
#
# Micro-stations are watched hour by hour. An alarm says: here it is higher than the neighbours and this cell's own past can explain,
# for hours in a row, and the instrument is sound. This notebook follows one from the hours to what its card prints; how many planted
# episodes are found, at which budget, stands in `docs/alarms.md`.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML

import hotspot as hs

hs.chinese_plots()
month = hs.synthetic_month(size="small")
study = month.study
hours = month.stations.sel(time=slice("2025-10-31T16", None))
sensors = hs.screen(hours, reference=month.reference)
alarms = hs.find_alarms(sensors, cells=study.cells, criteria=study.criteria, weather=month.weather)
alarms["state"].value_counts()

# %% [markdown]
# Pushed are those an inspector is sent for; unconfirmed ones wait for a second hour or a sound instrument, and say why.

# %%
columns = ["alarm", "start", "hours", "peak", "neighbours", "ratio", "state", "why"]
alarms[columns].tail(6).round({"peak": 0, "neighbours": 1, "ratio": 1})

# %% [markdown]
# ## The hours themselves
#
# The sub-cell's stations against the middle of all the others. The shaded hours are the episode.

# %%
alarm = alarms[alarms["state"] == "pushed"].sort_values("ratio").iloc[-1]
local = sensors["time"].values + np.timedelta64(round(study.utc_offset * 60), "m")
near = (local >= alarm["start"] - pd.Timedelta(hours=18)) & (local < alarm["end"] + pd.Timedelta(hours=12))
col, row = study.grid.locate(sensors["lon"].values, sensors["lat"].values)
inside = study.grid.code(col, row) == alarm["cell"]
values = sensors["pm25"].values
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.plot(
    local[near], np.nanmedian(values[~inside][:, near], axis=0), color="0.4", label="其他站中位数 median elsewhere"
)
for n, line in enumerate(values[inside][:, near]):
    axes.plot(local[near], line, color="#b3261e", lw=1, label="" if n else f"{alarm['cell']} 各站 its stations")
axes.axvspan(alarm["start"], alarm["end"], color="#b3261e", alpha=0.15)
axes.set(xlabel="当地时间 local time", ylabel="小时浓度 hourly PM2.5, μg/m³", title=f"报警 alarm {alarm['alarm']}")
axes.tick_params(axis="x", labelrotation=30)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Is it like this every day?
#
# One hour above the neighbours is an event; the same hour every day is a habit, and goes to the list of persistent highs instead.

# %%
series = pd.Series(np.nanmean(values[inside], axis=0), sensors["time"].values)
HTML(hs.time_of_day_svg(series, utc_offset=study.utc_offset) + hs.weekday_svg(series, utc_offset=study.utc_offset))

# %% [markdown]
# ## In a shell
#
# `hotspot alarms 2025-12-05 --letter --cards` makes the day's letters and a card per alarm; `hotspot film CELL --from TIME --hours 48`
# the 36 sub-cells hour by hour; `hotspot alarms --follow FOLDER` watches a folder from a timer.
