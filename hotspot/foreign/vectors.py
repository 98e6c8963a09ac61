"""
GeoPackages and Shapefiles: copied alone into a folder of ours, then opened, one layer of them.

Runs in the child of ``readers``. A companion that would change what is read is either part of the
delivery (``COMPANIONS``, which callers register and hash) or refused (``refuse_sidecars``).
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.foreign import limits
from hotspot.foreign.shapes import in_degrees, packed
from hotspot.variables import DataError

COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")  # of a .shp


def companions(path: Path) -> list[Path]:
    """The files that are read together with a Shapefile: list of Path, those that are there."""
    if path.suffix.lower() != ".shp":
        return []
    beside = {other.name.lower(): other for other in path.parent.glob("*") if other.stem.lower() == path.stem.lower()}
    return [beside[name] for ending in COMPANIONS if (name := path.stem.lower() + ending) in beside]


def refuse_sidecars(path: Path, name: str) -> None:
    """
    Refuse a GeoPackage with a journal beside it: what it holds is not what its hash says.

    Raises
    ------
    DataError
        There is a ``-wal``, ``-shm`` or ``-journal`` file.

    Examples
    --------
    >>> refuse_sidecars(Path("nowhere/a.gpkg"), "a.gpkg")
    """
    for ending in ("-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_symlink() or beside.exists():
            raise DataError(
                f"{name}: a {ending} file lies beside it, so somebody is still writing it or closed it badly and its "
                "content is not what its bytes say; open and close it in the program that made it, then deliver again."
            )


def decode(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Read one layer of a GeoPackage or Shapefile.

    Parameters
    ----------
    job : dict
        ``path, name, folder``; ``layer``: the one to read, default the first with shapes.

    Returns
    -------
    (dict, dict): ``columns`` (name -> values), ``crs`` ("none" or "declared"), ``notes``; and the file of outlines

    Raises
    ------
    DataError
        Nothing can be read of it, or it holds too much.
    """
    import pyogrio
    import pyproj
    import shapely

    name, path = job["name"], Path(job["path"])
    if path.suffix.lower() == ".gpkg":
        refuse_sidecars(path, name)
    place = _alone(path, Path(job["folder"]), name)
    try:
        layers = [str(layer) for layer, kind in pyogrio.list_layers(place) if kind is not None]
        if not layers:
            raise DataError(f"{name}: holds no layer with shapes; deliver it again.")
        if (layer := job.get("layer") or layers[0]) not in layers:
            raise DataError(f"{name}: has no layer {layer!r} (there are: {', '.join(layers)}); give the file we made.")
        count = pyogrio.read_info(place, layer=layer, force_feature_count=True)["features"]
        if count > limits.MAX_FEATURES:
            raise DataError(f"{name}: {count} features, more than {limits.MAX_FEATURES}; split the file.")
        coding = _unsaid(place)
        about, _, shapes, columns = pyogrio.raw.read(place, layer=layer, encoding=coding)
        outlines = np.full(len(shapes), None, dtype=object)
        outlines[:] = shapely.from_wkb(shapes)
        crs = pyproj.CRS.from_user_input(about["crs"]) if about["crs"] else None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        raise DataError(
            f"{name}: cannot be read as a vector file ({str(error).replace(str(place), name)}); deliver it again."
        ) from None
    fields = about["fields"]
    files = packed(in_degrees(outlines, crs, name), job["folder"])
    others = ", ".join(other for other in layers if other != layer)
    held = {str(field): [_plain(value) for value in column] for field, column in zip(fields, columns, strict=True)}
    notes = [f"{name}: layer {layer} was read; not read: {others}"] if others else []
    if coding:
        notes.append(f"{name}: says no encoding; read as {coding}; a .cpg file beside it says another")
    return {"columns": held, "crs": "none" if crs is None else "declared", "notes": notes}, files


def _unsaid(place: Path) -> str | None:
    """
    The coding of a Shapefile's table that names none, as of any text: UTF-8, else GB18030; None where it is said.

    Without a .cpg the driver takes every byte for a letter of Western Europe, and Chinese names come out as others.
    """
    import pyogrio

    if place.suffix.lower() != ".shp" or place.with_suffix(".cpg").exists():
        return None
    if pyogrio.read_info(place)["encoding"] != "ISO-8859-1":  # the table's own mark of its language says it
        return None
    about, _, _, columns = pyogrio.raw.read(place, encoding="ISO-8859-1", read_geometry=False)
    texts = [str(field) for field in about["fields"]]
    texts += {value for column in columns if column.dtype == object for value in column if isinstance(value, str)}
    delivered = [text.encode("latin-1") for text in texts if not text.isascii()]
    for coding in ("UTF-8", "GB18030") if delivered else ():
        with suppress(UnicodeDecodeError):
            "".join(text.decode(coding) for text in delivered)
            return coding
    return None


def _alone(path: Path, folder: Path, name: str) -> Path:
    """A copy with nothing beside it but its companions."""
    if sum(part.stat().st_size for part in (path, *companions(path))) > limits.MAX_BYTES:
        raise DataError(f"{name}: more than {limits.MAX_BYTES} bytes; split the file.")
    place = folder / f"delivered{path.suffix.lower()}"
    for part in (path, *companions(path)):
        shutil.copyfile(part, folder / f"delivered{part.suffix.lower()}")
    return place


def _plain(value: Any) -> str | float | None:
    value = value.item() if hasattr(value, "item") else value
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and value == value):
        return value
    if isinstance(value, float):
        return None
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
