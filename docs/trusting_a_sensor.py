"""
The numbers and the picture of docs/trusting-a-sensor.md, from the real data beside the checkout.

    python docs/trusting_a_sensor.py             # writes docs/pictures/trusting-a-sensor.png, prints the tables
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "cases")]

from collocated import read_airnowtech, read_cumcm, read_toucan  # noqa: E402
from conftest import shared_folder  # noqa: E402

from hotspot.deliveries.opening import open_month  # noqa: E402
from hotspot.quality.hours.flags import flagged  # noqa: E402
from hotspot.quality.hours.screen import screen  # noqa: E402
from hotspot.quality.sensors.calibrate import calibrate, calibration_table  # noqa: E402
from hotspot.sources.intake import Intake  # noqa: E402
from hotspot.sources.stations.stations import read_stations  # noqa: E402
from hotspot.study import Stations, load_study  # noqa: E402
from hotspot.synthetic.study import write_study  # noqa: E402

FLAG_OF = {
    "neighbour_disagreement": "neighbours",
    "pm25_over_pm10": "pm25_above_pm10",
    "heaped_digits": "digits_heaped",
}
FORWARD = ("2019-01-15", "2019-02-15", "2019-03-01")


def shown(table):
    columns = ["station", "step", "when", "n", "slope", "intercept", "r2", "rmse", "nrmse", "bias", "meets"]
    return table[columns].round(3).to_string(index=False)


def forms(done):
    """The best of each form, as the cross-validation saw it."""
    tried = json.loads(done.attrs["calibration_tried"])
    best = min((name for name in tried if "100/RH" in name), key=tried.get, default=None)
    return {name: value for name, value in tried.items() if "100/RH" not in name or name == best}


def collocations(shared):
    micro, reference = read_cumcm(shared / "cumcm2019d_micro_vs_reference")
    done = calibrate(screen(micro), reference)
    print("CUMCM 2019 D, PM2.5, blocks left out:", done.attrs["calibration_form"])
    print(shown(calibration_table(done)), "\n", forms(done))
    for until in FORWARD:
        part = calibrate(screen(micro), reference, learn_until=until)
        print(f"learned before {until}:", part.attrs["calibration_form"])
        print(shown(calibration_table(part, since=until)))
    for gas in ("pm10", "co", "no2", "so2", "o3"):
        other = calibrate(micro, reference, variable=gas)
        print(gas, other.attrs["calibration_form"])
        print(shown(calibration_table(other, variable=gas)))
    folder = shared / "epa_collocated_sensors"
    sensors = read_toucan([folder / f"toco_toucan_RT0{k}_raw.csv" for k in (1, 2)], time_zone="-05:00")
    epa = calibrate(screen(sensors), read_airnowtech(folder / "airnowtech_example_reference_data.csv"))
    print("EPA:", epa.attrs["calibration_form"])
    print(shown(calibration_table(epa)), "\n", forms(epa))
    return done


def true_hours(study, like):
    true = pd.read_parquet(study.root / "truth" / "micro_hours.parquet")
    true = true.pivot(index="station", columns="time", values="pm25")
    true.columns = true.columns.to_numpy("datetime64[ns]") - np.timedelta64(8, "h")
    return true.reindex(index=like["station"].values, columns=like["time"].values).to_numpy(float)


def planted(study, screened):
    """Recall and precision over hours, and the share of a flag's hours with any planted cause."""
    local = screened["time"].values + np.timedelta64(8, "h")
    names = screened["station"].values.tolist()
    cells = pd.read_csv(study.root / "truth" / "micro_stations.csv").set_index("station")["cell"].loc[names].to_numpy()
    seen, bits = np.isfinite(screened["pm25_raw"].values), screened["pm25_flags"].values

    def hours(table):
        mask = np.zeros(seen.shape, bool)
        for row in table.itertuples():
            who = cells == row.cell if "cell" in table else np.array(names) == row.station
            mask[np.ix_(who, (local >= np.datetime64(row.start)) & (local < np.datetime64(row.end)))] = True
        return mask & seen

    faults = pd.read_csv(study.root / "truth" / "micro_faults.csv")
    by_kind = {str(kind): hours(part) for kind, part in faults.groupby("kind") if kind != "silent"}
    episodes = hours(pd.read_csv(study.root / "truth" / "episodes.csv"))
    cause = np.logical_or.reduce([*by_kind.values(), episodes])
    rows = []
    for kind, truth in by_kind.items():
        found = flagged(bits, FLAG_OF.get(kind, kind))
        both = (truth & found).sum()
        rows.append([kind, truth.sum(), both / truth.sum(), both / found.sum(), (found & cause).sum() / found.sum()])
    print(pd.DataFrame(rows, columns=["planted", "hours", "recall", "precision", "any_cause"]).round(3).to_string())
    return np.logical_or.reduce(list(by_kind.values()))


def synthetic():
    with tempfile.TemporaryDirectory() as folder:
        path = write_study(Path(folder) / "study", size="demo")
        study = load_study(path, data=path.parent)
        month = open_month(study, "2025-12", kinds=("stations", "reference"))
        screened = screen(month.stations, reference=month.reference)
        broken = planted(study, screened)
        done, true = calibrate(screened, month.reference), true_hours(study, screened)
        print("synthetic network:", done.attrs["calibration_form"])
        for name in ("pm25_raw", "pm25"):
            error = np.where(broken, np.nan, done[name].values - true)
            print(name, "rmse", np.sqrt(np.nanmean(error**2)).round(2), "bias", np.nanmean(error).round(2))


def beijing(shared):
    means = {"datum": "wgs84", "unit": "ug/m3", "time_zone": "+08:00", "hour_label": "end"}
    delivery = Stations(
        layout="quotsoft",
        files=["beijing_quotsoft_daily/csv/beijing_all_20161[12]*.csv"],
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv",
        **means,
    )
    hours = read_stations(delivery, shared, Intake(shared), utc_offset=8, months=["2016-11", "2016-12"])
    screened = screen(hours)
    seen = np.isfinite(screened["pm25_raw"].values)
    bits = screened["pm25_flags"].values
    meanings = screened["pm25_flags"].attrs["flag_meanings"].split()
    print("Beijing, hours", int(seen.sum()), {n: f"{flagged(bits, n)[seen].mean():.3%}" for n in meanings})


def draw(done, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    told = done["pm25_reference"].values[0]
    raw, after = done["pm25_uncalibrated"].values[0], done["pm25_left_out"].values[0]
    humidity = done["rh2m"].values[0]
    figure, axes = plt.subplots(1, 3, figsize=(12.5, 4.1), layout="constrained")
    for axis, values, title in ((axes[0], raw, "as delivered"), (axes[1], after, "calibrated, its week left out")):
        dots = axis.scatter(told, values, c=humidity, s=5, cmap="cividis", vmin=20, vmax=100, linewidths=0)
        axis.plot([0, 220], [0, 220], color="0.3", lw=1)
        rmse = np.sqrt(np.nanmean((values - told) ** 2))
        axis.set(xlim=(0, 220), ylim=(0, 220), title=f"{title}: RMSE {rmse:.1f} µg/m³", aspect="equal")
        axis.set_xlabel("national control point, µg/m³")
    axes[0].set_ylabel("micro-station, µg/m³")
    figure.colorbar(dots, ax=axes[1], label="relative humidity, %", shrink=0.8)
    edges = np.array([10, 30, 40, 50, 60, 70, 80, 85, 90, 95, 101])
    middle = 0.5 * (edges[1:] + np.minimum(edges[:-1], 100))
    group = np.digitize(humidity, edges) - 1
    for values, word, color in ((raw, "as delivered", "#b5651d"), (after, "calibrated", "#1f4e79")):
        bias = [np.nanmean((values - told)[group == k]) for k in range(len(middle))]
        axes[2].plot(middle, bias, "o-", color=color, label=word, ms=4)
    axes[2].axhline(0, color="0.3", lw=1)
    axes[2].set(title="mean error by humidity", xlabel="relative humidity, %", ylabel="µg/m³")
    axes[2].legend(frameon=False)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    shared = shared_folder()
    done = collocations(shared)
    beijing(shared)
    synthetic()
    draw(done, ROOT / "docs" / "pictures" / "trusting-a-sensor.png")
