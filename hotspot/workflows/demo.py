"""
The demo: a synthetic study made on the spot, a year of its loop, and its latest month.

Nothing is downloaded and nothing real is claimed; every file it writes is in a
layout the readers know, so the demo runs the very path a real month runs.
"""

import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

_COMPLETE = f".complete-{metadata.version('hotspot')}"


def run_demo(out: Path | str = "out") -> Path:
    """
    Write the synthetic study below ``out``, record a year of answers and problems, publish its latest month.

    Parameters
    ----------
    out : str or Path
        ``OUT/demo-study`` holds the delivered files, ``OUT/demo/2025-12`` the month.

    Returns
    -------
    Path of the published folder
    """
    from tqdm import tqdm

    from hotspot.study import load_study
    from hotspot.synthetic.study import LATEST_MONTH, write_study
    from hotspot.workflows.loop_demo import fill_loop
    from hotspot.workflows.month import run_month

    with tqdm(total=1, desc="synthetic study", disable=None, bar_format="{desc:<18}|{bar:24}| [{elapsed}]") as bar:
        folder = Path(out) / "demo-study"
        # One seed, one study: what an earlier demo wrote whole is the same, byte for byte.
        path = folder / "study.toml" if (folder / _COMPLETE).exists() else _write(write_study, folder)
        bar.update()
    # The demo's files lie beside its study file, wherever HOTSPOT_DATA points.
    study = load_study(path, data=path.parent)
    fill_loop(study, out=out)  # first, so that the month's papers tell what its cells have behind them
    return run_month(study, LATEST_MONTH, out=out)


def _write(write_study: Callable[..., Path], folder: Path) -> Path:
    """Write the study afresh; a mark tells the next demo that it is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    path = write_study(folder)
    (folder / _COMPLETE).touch()
    return path
