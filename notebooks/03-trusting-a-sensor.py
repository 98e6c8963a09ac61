# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Trusting a sensor
#
# Four micro-stations stand in every instrumented cell. Some are broken, some stand in fog, and one may
# be sprayed on purpose. This notebook follows one synthetic month, in which every fault was planted and
# logged, from the delivered hours to calibrated ones with an error. The real collocations are in
# `docs/trusting-a-sensor.md`.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hotspot as hs
from hotspot.quality.hours.flags import flagged, reasons

hs.chinese_plots()
month = hs.synthetic_month()
truth = month.study.root / "truth"
print(month.stations)

# %% [markdown]
# ## What is doubted
#
# `screen` writes its doubts beside the values. It takes nothing out but what no air can be.

# %%
sensors = hs.screen(month.stations, reference=month.reference)
report = hs.station_report(sensors)
report.loc[report["todo"] != "", ["station", "online_share", "todo"]]

# %% [markdown]
# One of the doubted hours, with its reasons, its neighbours' opinion, and how improbable it is.

# %%
station, hour = np.argwhere(flagged(sensors["pm25_flags"].values, "spike"))[0]
print(sensors["station"].values[station], str(sensors["time"].values[hour])[:13], "UTC")
print("read", sensors["pm25_raw"].values[station, hour], "ug/m3, the neighbours say", end=" ")
print(sensors["pm25_expected"].values[station, hour].round(1))
print("probability", sensors["pm25_probability"].values[station, hour])
reasons(sensors["pm25_flags"].values[station, hour], language="zh")

# %% [markdown]
# What was planted, and how much of it was found (`silent` has nothing to flag; a planted fault of one
# kind may well raise the flag of another, too).

# %%
faults = pd.read_csv(truth / "micro_faults.csv")
names = sensors["station"].values.tolist()
local = sensors["time"].values + np.timedelta64(8, "h")
found = []
for fault in faults.itertuples():
    hours = (local >= np.datetime64(fault.start)) & (local < np.datetime64(fault.end))
    bits = sensors["pm25_flags"].values[names.index(fault.station), hours]
    heard = np.isfinite(sensors["pm25_raw"].values[names.index(fault.station), hours])
    found.append((fault.kind, heard.sum(), (flagged(bits) & heard).sum()))
pd.DataFrame(found, columns=["planted", "hours", "flagged"]).groupby("planted").sum()

# %% [markdown]
# ## Evidence, not a verdict
#
# Sudden falls against the neighbours are gathered for a person. Rows with signs are flagged, the others
# are only listed: a clean front reaches one station before the next.

# %%
evidence = hs.interference_evidence(sensors)
columns = ["station", "start", "hours", "ratio", "humidity_change", "days_alike", "signs"]
evidence.round({"ratio": 2, "humidity_change": 1})[columns]

# %% [markdown]
# Only a signed decision replaces a day by the month's highest value (B19), and it can be taken back.

# %%
culprit = evidence[evidence["flagged"]].iloc[0]
day = str(culprit["start"])[:10]
decision = {"station": culprit["station"], "day": day, "pollutant": "pm25", "signer": "示例", "reason": "喷淋"}
decided = hs.apply_decisions(sensors, pd.DataFrame([decision]))
print(decided.attrs["decisions"][0])
undone = hs.apply_decisions(decided, pd.DataFrame([decision | {"withdrawn_by": "示例"}]))
bool(undone["pm25"].equals(sensors["pm25"]))

# %% [markdown]
# ## Onto the reference scale
#
# No station of this network stands beside a reference, so only the growth with humidity may be learned:
# a regression on references elsewhere would remove the very sources the stations were put up for.

# %%
calibrated = hs.calibrate(sensors, month.reference)
print(calibrated.attrs["calibration_form"])
calibrated["calibration"].to_series().value_counts()

# %% [markdown]
# Here the truth is known, so the gain can be checked, and so can the stated error.

# %%
true = pd.read_parquet(truth / "micro_hours.parquet").pivot(index="station", columns="time", values="pm25")
true.columns = true.columns.to_numpy("datetime64[ns]") - np.timedelta64(8, "h")
true = true.reindex(index=names, columns=calibrated["time"].values).to_numpy(float)
sound = ~flagged(calibrated["pm25_flags"].values, "spike", "saturation", "zero_run", "neighbours")
before = np.where(sound, calibrated["pm25_raw"].values - true, np.nan)
after = np.where(sound, calibrated["pm25"].values - true, np.nan)
rows = {"交付值 as delivered": before, "校准后 calibrated": after}
pd.DataFrame({w: {"RMSE": np.sqrt(np.nanmean(e**2)), "bias": np.nanmean(e)} for w, e in rows.items()}).round(2)

# %%
known = np.isfinite(after)
inside = np.abs(after[known]) < 2 * calibrated["pm25_error"].values[known]
print(f"{inside.mean():.0%} of the hours lie within two stated errors")

# %%
humidity = calibrated["rh2m"].values
edges = np.array([20, 40, 50, 60, 70, 80, 85, 90, 95, 101])
middle = 0.5 * (edges[1:] + edges[:-1])
figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
for word, error in rows.items():
    by_class = [np.nanmean(error[np.digitize(humidity, edges) == k + 1]) for k in range(len(middle))]
    axis.plot(middle, by_class, "o-", label=word)
axis.axhline(0, color="0.4", lw=1)
axis.set(
    xlabel="相对湿度 relative humidity, %",
    ylabel="平均误差 mean error, μg/m³",
    title="颗粒物吸水 water on the particles",
)
axis.legend(frameon=False)
plt.show()
