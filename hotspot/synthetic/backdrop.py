"""A river and two roads of the invented study, so that its printed maps show what a field team steers by."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hotspot.kernels.arrays import Floats
from hotspot.synthetic.files import write_json
from hotspot.synthetic.region import MARK, Region


def write_backdrop(path: Path, region: Region) -> None:
    """
    Lines as GeoJSON in WGS 84 with Chinese columns: 类型, 名称, 编号.

    They follow from the region's size alone, no dice; they reach a little beyond its border.
    """
    features = []
    for kind, name, number, x, y in _lines(region.half):
        places = np.round(region.to_lonlat(x, y), 6).tolist()
        about = {"类型": kind, "名称": name + MARK if name else "", "编号": number}
        line = {"type": "LineString", "coordinates": places}
        features.append({"type": "Feature", "properties": about, "geometry": line})
    write_json(path, {"type": "FeatureCollection", "name": "backdrop", "features": features})


def _lines(half: float) -> Iterator[tuple[str, str, str, Floats, Floats]]:
    """Kind, name, number, and metres from the middle: a river that winds eastward, a trunk road, a county road."""
    along = np.linspace(-1.06, 1.06, 107)
    river = 0.12 + 0.22 * np.sin(2.3 * along + 0.5) + 0.05 * np.sin(9.0 * along) - 0.25 * along
    trunk = -0.30 + 0.10 * along + 0.03 * np.sin(5.0 * along)
    county = 0.30 + 0.18 * np.sin(1.7 * along - 0.4) - 0.40 * along
    yield "河流", "清沙河", "", half * along, half * river
    yield "公路", "", "G999", half * trunk, half * along
    yield "公路", "", "S901", half * along, half * county
