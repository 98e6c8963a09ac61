"""Invented fires in the columns of FIRMS, and invented bare soil: polygons around the sources that raise its dust."""

from pathlib import Path

import numpy as np

from hotspot.synthetic.files import write_json
from hotspot.synthetic.region import Region
from hotspot.synthetic.sources import Source
from hotspot.text.csv_rows import write_csv


def write_fires(path: Path, region: Region, month: str, seed: int) -> None:
    """Two dozen fires of a month, most on two days after the wheat harvest; overpasses of 05 and 18 h UTC."""
    rng = np.random.default_rng([seed, 60])
    east, north = rng.uniform(-0.8, 0.8, (2, 24)) * region.half
    at = region.to_lonlat(east, north)
    day = np.where(rng.random(24) < 0.7, rng.integers(11, 13, 24), rng.integers(1, 29, 24))
    rows = [
        [
            f"{lat:.5f}", f"{lon:.5f}", f"{rng.uniform(305, 345):.1f}", f"{month}-{day[n]:02d}",
            ("0530", "1812")[n % 3 == 0], "N20", ("n", "l", "h")[n % 3], f"{rng.gamma(2.0, 3.0):.1f}",
        ]
        for n, (lon, lat) in enumerate(at)
    ]  # fmt: skip
    header = ["latitude", "longitude", "bright_ti4", "acq_date", "acq_time", "satellite", "confidence", "frp"]
    write_csv(path, header, rows)


def write_bare_soil(path: Path, sources: list[Source], seed: int) -> None:
    """Polygons of bare soil: building sites, yards, quarries and what nobody registered, some hectares each."""
    rng = np.random.default_rng([seed, 61])
    dusty = [s for s in sources if s.class_ in ("construction", "storage_yard", "quarry", "bare_soil")]
    features = []
    for source in dusty:
        half = rng.uniform(60.0, 190.0, 8)
        angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        lon = source.lon + half * np.cos(angle) / 89_100.0
        lat = source.lat + half * np.sin(angle) / 111_000.0
        ring = [[round(float(x), 6), round(float(y), 6)] for x, y in zip(lon, lat, strict=True)]
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        features.append({"type": "Feature", "properties": {}, "geometry": shape})
    write_json(path, {"type": "FeatureCollection", "name": "bare_soil", "features": features})
