"""
The numbers and the picture of docs/weather-normalised.md, from the real data beside the checkout.

    python docs/weather_normalised.py            # writes docs/pictures/weather-normalised.png, prints the tables
"""

import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from beijing_case import POLLUTANTS, beijing_days, beijing_weather, changes  # noqa: E402
from conftest import shared_folder  # noqa: E402
from test_normalise_real import london_curves  # noqa: E402

from hotspot.estimate.weather.normalise import normalise  # noqa: E402

VU = {"pm25": -34, "pm10": -24, "no2": -17, "so2": -68, "co": -33}  # Vu 2019, 2013 to 2017, normalised, per cent
WORDS = {"pm25": "PM2.5", "pm10": "PM10", "no2": "NO2", "so2": "SO2", "co": "CO", "o3": "O3"}


def rolled(series):
    """Mean of twelve months, at the last of them."""
    return np.convolve(series, np.ones(12) / 12, "valid")


def beijing(shared):
    """Months, and per pollutant: raw, normalised, low, high (mean of the stations), blocked R2."""
    days, weather = beijing_days(shared), beijing_weather(shared)
    month = days["day"].values.astype("datetime64[M]")
    found = {}
    for name in POLLUTANTS:
        for average in ("all", "season"):
            level = normalise(days, weather, utc_offset=8, variable=name, average=average)
            months = level["time"].values.astype("datetime64[M]")
            raw = np.array([np.nanmean(days[name].values[:, month == m]) for m in months])
            series = [level[f"{name}_normalised{end}"].mean("station").values for end in ("", "_low", "_high")]
            found[name, average] = (raw, *series, level.attrs["cv_r2"])
    return months, found


def tables(months, found):
    print("| | 2016 raw | 2016 ours | last raw | last ours | 2013-17 raw | ours | same season | Vu 2019 | blocked R2 |")
    for name in POLLUTANTS:
        raw, ours, *_, r2 = found[name, "all"]
        a, b, c = changes(raw, months), changes(ours, months), changes(found[name, "season"][1], months)
        vu = f"{VU[name]:+d}" if name in VU else ""
        print(
            f"| {WORDS[name]} | {a['2016']:+.1f} | {b['2016']:+.1f} | {a['last']:+.1f} | {b['last']:+.1f} "
            f"| {a['all']:+.1f} | {b['all']:+.1f} | {c['all']:+.1f} | {vu} | {r2:.2f} |"
        )


def picture(months, found, london, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (first, second, third) = plt.subplots(3, 1, figsize=(8, 10.5), constrained_layout=True)
    raw, ours, low, high, _ = found["pm25", "all"]
    first.plot(months, raw, color="0.65", lw=1, label="as measured")
    first.plot(months, ours, color="C0", lw=1.4, label="in average weather")
    first.fill_between(months, low, high, color="C0", alpha=0.2, lw=0, label="95 % interval")
    first.plot(months[11:], rolled(raw), color="0.3", ls="--", lw=1.6, label="twelve months, as measured")
    first.plot(months[11:], rolled(ours), color="C3", lw=2, label="twelve months, in average weather")
    first.set(ylabel="PM2.5, ug/m3", title="Beijing, mean of eight stations", ylim=(0, None))
    first.legend(fontsize=8, ncols=2, frameon=False)
    place = np.arange(5)
    names = list(VU)
    for shift, label, color, values in (
        (-0.27, "as measured", "0.65", [changes(found[n, "all"][0], months)["all"] for n in names]),
        (0.0, "in average weather", "C0", [changes(found[n, "all"][1], months)["all"] for n in names]),
        (0.27, "Vu 2019 (2013 to 2017, ten months further)", "C1", [VU[n] for n in names]),
    ):
        bars = second.bar(place + shift, values, 0.26, color=color, label=label)
        second.bar_label(bars, fmt="%.0f", fontsize=8)
    second.set_xticks(place, [WORDS[n] for n in names])
    second.axhline(0, color="k", lw=0.8)
    second.set(ylabel="change, %", title="Beijing, March 2013-February 2014 to March 2016-February 2017")
    second.legend(fontsize=8, frameon=False, loc="lower center")
    third.plot(london.index, london["raw"], color="0.75", lw=0.8, label="as measured")
    third.plot(london.index, london["published"], color="C1", lw=2.5, label="rmweather, published")
    third.plot(london.index, london["ours"], color="C0", lw=1.2, label="ours, season averaged over too")
    third.set(ylabel="NO2, ug/m3", title="London Marylebone Road, monthly")
    third.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=110)


def main():
    warnings.simplefilter("ignore")
    shared = shared_folder()
    months, found = beijing(shared)
    tables(months, found)
    london = london_curves(shared)
    rmse = np.sqrt(((london["ours"] - london["published"]) ** 2).mean())
    print(f"London: {len(london)} months, r {london['ours'].corr(london['published']):.3f}, rmse {rmse:.2f} ug/m3")
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    picture(months, found, london, folder / "weather-normalised.png")


if __name__ == "__main__":
    main()
