"""
The demo: a synthetic study made on the spot, and its latest month.

Nothing is downloaded and nothing real is claimed; every file it writes is in a
layout the readers know, so the demo runs the very path a real month runs.
"""

from pathlib import Path


def run_demo(out="out"):
    """
    Write the synthetic study below ``out`` and publish its latest month.

    Parameters
    ----------
    out : str or Path
        ``OUT/demo-study`` holds the delivered files, ``OUT/demo/2025-12`` the month.

    Returns
    -------
    Path of the published folder
    """
    from tqdm import tqdm

    from hotspot.month import run_month
    from hotspot.sources.synthetic import LATEST_MONTH, write_study
    from hotspot.study import load_study

    with tqdm(total=1, desc="synthetic study", disable=None, bar_format="{desc:<18}|{bar:24}| [{elapsed}]") as bar:
        path = write_study(Path(out) / "demo-study")
        bar.update()
    # The demo's files lie beside its study file, wherever HOTSPOT_DATA points.
    return run_month(load_study(path, data=path.parent), LATEST_MONTH, out=out)
