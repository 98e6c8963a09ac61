"""
The demo: a synthetic study made on the spot, a year of its loop, its latest month, and what follows from it.

Nothing is downloaded and nothing real is claimed; every file it writes is in a
layout the readers know, so the demo runs the very path a real month runs.
"""

import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from hotspot.synthetic.office import write_office
from hotspot.variables import DataError

_GASES = ("o3", "no2")
_COMPLETE = f".complete-{metadata.version('hotspot')}"


def run_demo(out: Path | str = "out", *, variable: str = "pm25") -> Path:
    """
    Write the synthetic study below ``out``, record a year of answers and problems, publish its latest month, write
    every product of the loop. Of ozone or NO2: the invented study of gases and its month of June.

    Parameters
    ----------
    out : str or Path
        ``OUT/demo-study`` holds the delivered files, ``OUT/demo/2025-12`` the month, ``OUT/demo/loop`` the products of
        the loop.
    variable : "pm25", "o3" or "no2"
        Of a gas: ``OUT/demo-o3-study`` and ``OUT/demo-o3/2025-06``.

    Returns
    -------
    Path of the published folder

    Raises
    ------
    DataError
        There is no demo of this pollutant.
    """
    if variable != "pm25":
        return _gas_demo(Path(out), variable)
    from tqdm import tqdm

    from hotspot.study import load_study
    from hotspot.synthetic.study import LATEST_MONTH, write_study
    from hotspot.workflows.loop_demo import fill_loop
    from hotspot.workflows.loop_products import write_loop
    from hotspot.workflows.monthly.month import run_month

    with tqdm(total=1, desc="synthetic study", disable=None, bar_format="{desc:<18}|{bar:24}| [{elapsed}]") as bar:
        folder = Path(out) / "demo-study"
        # One seed, one study: what an earlier demo wrote whole is the same, byte for byte.
        path = folder / "study.toml" if (folder / _COMPLETE).exists() else _write(write_study, folder)
        bar.update()
    # The demo's files lie beside its study file, wherever HOTSPOT_DATA points.
    study = load_study(path, data=path.parent)
    fill_loop(study, out=out)  # first, so that the month's papers tell what its cells have behind them
    month = run_month(study, LATEST_MONTH, out=out)
    write_loop(study, LATEST_MONTH, out=out)
    return month


def _gas_demo(out: Path, variable: str) -> Path:
    """A month of ozone or NO2: no loop, no offices, no weather."""
    from hotspot.rules.pollutants import pollutant
    from hotspot.study import load_study
    from hotspot.synthetic.gases import MONTH, write_gas_study
    from hotspot.workflows.monthly.month import run_month

    if variable not in _GASES:
        pollutant(variable).refuse("rank")
        raise DataError(f"there is no demo of {variable}; give pm25, {' or '.join(_GASES)}.")
    folder = out / f"demo-{variable}-study"
    if not (folder / _COMPLETE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_gas_study(folder, variable)
        (folder / _COMPLETE).touch()
    return run_month(load_study(folder / "study.toml", data=folder), MONTH, out=out)


def _write(write_study: Callable[..., Path], folder: Path) -> Path:
    """Write the study afresh; a mark tells the next demo that it is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    path = write_office(write_study(folder)).study
    (folder / _COMPLETE).touch()
    return path
