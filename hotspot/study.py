"""
One region from one TOML file: boundary, lattice, local time, deliveries, criteria.

A study says *what was delivered and what it means*; nothing in the package
guesses a unit, a time zone, an hour label or a map datum that neither the file
nor the study declares.
"""

import os
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from hotspot.grid.labels import Labelled, add_labels
from hotspot.patterns import below
from hotspot.rules.criteria import Criteria
from hotspot.rules.jurisdictions import load_profile, load_words
from hotspot.rules.pollutants import PM25, POLLUTANTS, Name, Pollutant
from hotspot.study_archive import Archive
from hotspot.study_loop import LoopFiles, NetworkFiles, Office
from hotspot.study_registers import EventFiles, EvidenceFiles, EvidenceLayer, Part, Registers
from hotspot.study_view import Shown
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

    from hotspot.grid.lattice import Grid

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


class Lattice(Part):
    """The cells: METHODS 1. ``crs`` only where a study leaves the national lattice."""

    spacing: float = 3000.0
    fine: float = 500.0
    crs: str | None = None


class Delivery(Part):
    """Files of one kind from one deliverer. ``files`` are patterns below the data root."""

    layout: str
    files: tuple[str, ...]
    source: str = ""
    source_zh: str = ""  # as products in Chinese print it
    licence: str = ""


class Boundary(Delivery):
    """Administrative units. ``datum`` undeclared is a warning at 3 km, an error at 500 m."""

    datum: Datum | None = None
    level: Literal["city", "county", "township"] = "county"
    names: str | None = None  # file that names the cities of a DataV folder
    columns: dict[str, str] = Field(default_factory=dict)  # ours -> theirs, for other layouts
    city: str | None = None
    city_code: str | None = None


class Satellite(Delivery):
    """Gridded PM2.5. What is None must be in the file's own metadata, or the run stops."""

    period: Literal["day", "month", "year"]
    variable: str | None = None
    unit: str | None = None
    crs: str | None = None
    nodata: float | None = None
    date_pattern: str | None = None  # regular expression with (?P<year>) (?P<month>) (?P<day>)
    native_resolution_m: float | None = None
    error_share: float | None = None  # stated relative error of the product, 1 sd
    correlation_km: float | None = Field(None, gt=0)  # over what distance its errors are shared, where it is known
    error_source: str = ""
    gas_state: Literal["actual", "standard"] | None = None
    product: str = ""
    product_zh: str = ""


class Stations(Delivery):
    """Point series. ``role`` reference stations calibrate, micro-stations refine."""

    role: Literal["reference", "micro"] = "reference"
    coordinates: str | None = None
    datum: Datum | None = None
    known_places: str | None = None  # a list of the same stations known to be right, to tell a wrong datum by
    known_datum: Datum = "wgs84"
    unit: str | None = None
    units: dict[str, str] = Field(default_factory=dict)  # per variable, where they differ
    time_zone: str | None = None
    hour_label: Literal["start", "end"] | None = None
    quantity: Literal["concentration", "iaqi-2012", "iaqi-2026"] = "concentration"
    columns: dict[str, str] = Field(default_factory=dict)  # theirs -> ours, beside the alias table
    encoding: str | None = None  # of the series and the coordinates, where detection is not certain
    # Regular expression with (?P<year>) (?P<month>) and, for daily files, (?P<day>) in the file names;
    # where it is given, only the files of the wanted months are read.
    date_pattern: str | None = None
    gas_state: Literal["actual", "standard"] | None = None


class Weather(Delivery):
    """Meteorology: gridded reanalysis or a point series."""

    time_zone: str | None = None
    units: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)  # theirs -> ours; ours -> theirs for layout "table"
    station: str | None = None  # which one, where a table holds several
    lon: float | None = None  # place of a point series that does not say where it is
    lat: float | None = None
    first_day: str | None = None  # first day of a series that carries no time
    wind: Literal["from", "to"] = "from"


class Terrain(Delivery):
    """Height of the ground, one GeoTIFF. What is None must be in the file's own metadata."""

    crs: str | None = None
    nodata: float | None = None
    unit: str | None = None


class EmissionInventory(Delivery):
    """Emissions of PM2.5 on a grid of degrees, in place of our factors where it has anything. Sectors are added up."""

    layout: Literal["raster"] = "raster"  # GeoTIFF or NetCDF
    variables: tuple[str, ...] = ()  # of a NetCDF file
    unit: str | None = None  # t/a, kg/a, t/month of the pixel; kg/m2/s, t/km2/a, g/m2/a
    nodata: float | None = None


class Facilities(Delivery):
    """Possible sources. ``class_`` is used where the file has no class column."""

    datum: Datum | None = None
    class_: str | None = Field(None, alias="class")
    vintage: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    encoding: str | None = None


class WebMap(Part):
    """The web map. ``tiles`` are asked from the network by whoever opens it, so never by default."""

    tiles: Literal["none", "tianditu", "amap"] = "none"
    key: str = Field("", pattern=r"^[0-9A-Za-z]{0,64}$")  # it stands in the page for all to read

    @model_validator(mode="after")
    def _keyed(self) -> "WebMap":
        if self.tiles == "tianditu" and not self.key:
            raise ValueError("tiles = 'tianditu' needs a key; Tianditu gives one to registered users")
        return self


class Backdrop(Delivery):
    """Rivers, roads, railways, water, drawn under the cells of printed maps. ``kind`` here or in a column."""

    layout: Literal["vector"] = "vector"  # GeoJSON, GeoPackage or Shapefile
    kind: Literal["river", "road", "railway", "water"] | None = None
    datum: Datum | None = None
    columns: dict[Literal["kind", "name", "number"], str] = Field(default_factory=dict)  # ours -> theirs


class Decisions(Part):
    """Signed decisions to replace falsified days. B19; see ``sources.decisions``."""

    files: tuple[str, ...]


class Study(Shown, Labelled, Part):
    """
    Everything that is fixed for one region, read from a TOML file.

    Build it with ``load_study``. It is frozen: a changed criterion is a changed
    file, and the manifest of every product carries the file's hash.
    """

    id: str
    name: str
    name_en: str = ""
    variable: Name = "pm25"  # what the lists are made of; see ``rules.pollutants``
    time_zone: str = "+08:00"
    counting: Literal["centre", "touching"] = "touching"
    seed: int = 20180828
    lattice: Lattice = Field(default_factory=Lattice)
    boundary: tuple[Boundary, ...]
    satellite: tuple[Satellite, ...] = ()
    stations: tuple[Stations, ...] = ()
    weather: tuple[Weather, ...] = ()
    facilities: tuple[Facilities, ...] = ()
    inventory: tuple[EmissionInventory, ...] = ()
    terrain: tuple[Terrain, ...] = ()
    backdrop: tuple[Backdrop, ...] = ()
    decisions: tuple[Decisions, ...] = ()
    archive: tuple[Archive, ...] = Field((), exclude=True)  # how files came is nothing a month hangs on
    office: Office = Field(default_factory=Office)
    events: tuple[EventFiles, ...] = ()
    evidence: tuple[EvidenceFiles, ...] = ()
    evidence_layer: tuple[EvidenceLayer, ...] = ()
    registers: Registers = Field(default_factory=Registers)
    network: NetworkFiles = Field(default_factory=NetworkFiles)
    loop: LoopFiles = Field(default_factory=LoopFiles)
    map: WebMap = Field(default_factory=WebMap)
    labels: str | None = None  # CSV cell,label: the officials' own cell names
    criteria: Criteria = Field(default_factory=Criteria)
    path: Path
    root: Path
    _own_words: str = PrivateAttr("")  # of the jurisdiction; see ``rules.words``

    @field_validator("id")
    @classmethod
    def _safe_id(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
            raise ValueError("id becomes a folder name: use a-z, 0-9 and '-', at most 40 characters")
        return value

    @field_validator("time_zone")
    @classmethod
    def _fixed_offset(cls, value: str) -> str:
        return fixed_offset(value)

    @property
    def pollutant(self) -> Pollutant:
        """What the lists are made of, with its words, those of the jurisdiction, and what is refused of it."""
        return POLLUTANTS[self.variable].speaking(self._own_words)

    @cached_property
    def grid(self) -> "Grid":
        """The study's ``Grid`` of coarse cells."""
        from hotspot.grid.lattice import Grid

        return Grid(self.lattice.spacing, crs=self.lattice.crs)

    @cached_property
    def boundaries(self) -> "gpd.GeoDataFrame":
        """GeoDataFrame of the lowest administrative units, WGS 84 (see ``grid.boundary``)."""
        from hotspot.grid.boundary import read_boundaries

        return read_boundaries(self.boundary, self.root, fine=self.lattice.fine)

    @cached_property
    def cells(self) -> "xr.Dataset":
        """Dataset (cell) of every cell of the study (see ``Grid.cover``)."""
        cells = self.grid.cover(self.boundaries, counting=self.counting)
        return add_labels(cells, below(self.root, self.labels, "labels")) if self.labels else cells

    def with_criteria(self, **sections: dict[str, Any]) -> "Study":
        """
        The same study under other criteria, to see what they would do to a list.

        Parameters
        ----------
        **sections : dict
            As below ``[criteria]`` of a study file; what is not given stays.

        Returns
        -------
        Study; what was read or laid already (boundaries, cells) is kept

        Raises
        ------
        DataError
            A section, a key or a value is wrong; the message names it.

        Examples
        --------
        >>> from hotspot.synthetic.study import synthetic_month
        >>> study = synthetic_month(size="small").study
        >>> study.with_criteria(selection={"quota_share": 0.05}).criteria.selection.quota_share
        0.05
        >>> study.with_criteria(selection={"quota": 0.05})
        Traceback (most recent call last):
        hotspot.variables.DataError: criteria: selection.quota: there is no such setting (got 0.05)
        """
        try:
            criteria = Criteria.model_validate(_merge(self.criteria.model_dump(exclude_unset=True), sections))
        except ValidationError as error:
            raise DataError(f"criteria: {_faults(error)}") from None
        return self.model_copy(update={"criteria": criteria})

    @property
    def sources_zh(self) -> dict[str, str]:
        """What a deliverer or a product is called in Chinese, by its name; those that have a Chinese name."""
        named = [(one.source, one.source_zh) for one in (*self.satellite, *self.stations)]
        named += [(one.product, one.product_zh) for one in self.satellite]
        return {text: zh for text, zh in named if text and zh}

    @property
    def utc_offset(self) -> float:
        """Hours that local time is ahead of UTC, a float."""
        sign = -1.0 if self.time_zone[0] == "-" else 1.0
        return sign * (int(self.time_zone[1:3]) + int(self.time_zone[4:6]) / 60)


def fixed_offset(name: str | None) -> str:
    """
    A time zone as a fixed offset ``+HH:MM``; names with a trap are refused.

    ``Asia/Shanghai`` means +08:00 without the summer time of 1986-1991, which no
    monitoring network kept. ``Asia/Urumqi`` is +06:00 in the time-zone database
    while monitoring in Xinjiang runs on Beijing time, so it must be spelled out.

    Examples
    --------
    >>> fixed_offset("Asia/Shanghai"), fixed_offset("UTC"), fixed_offset("+6:00")
    ('+08:00', '+00:00', '+06:00')
    """
    text = str(name).strip()
    plain = {"asia/shanghai": "+08:00", "beijing": "+08:00", "utc": "+00:00", "gmt": "+00:00", "z": "+00:00"}
    if text.lower() in plain:
        return plain[text.lower()]
    if text.lower() == "asia/urumqi":
        raise ValueError(
            "Asia/Urumqi is +06:00 in the time-zone database, but monitoring there runs on Beijing time; "
            "write '+08:00' (Beijing time) or '+06:00' (if the clock really was local)"
        )
    match = re.fullmatch(r"(?:UTC)?([+-])(\d{1,2}):?(\d{2})?", text)
    if not match or int(match[2]) > 14:
        raise ValueError(f"time zone {name!r} is not a fixed offset; write it like '+08:00'")
    return f"{match[1]}{int(match[2]):02d}:{match[3] or '00'}"


def load_study(path: Path | str, *, data: Path | str | None = None) -> Study:
    """
    Read a study file.

    Parameters
    ----------
    path : str or Path
        A TOML file; see ``data/studies`` for the ones that ship.
    data : str or Path, optional
        Where the delivered files lie. Default: the environment variable
        ``HOTSPOT_DATA``, then the file's own ``root`` (relative to the file).

    Returns
    -------
    Study

    Raises
    ------
    DataError
        The file is missing, is no TOML, or a key is unknown, missing or wrong;
        the message names the key.

    Examples
    --------
    >>> load_study("nowhere.toml")
    Traceback (most recent call last):
    hotspot.variables.DataError: nowhere.toml: there is no such study file; give the path of a TOML file.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors put a mark before it
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such study file; give the path of a TOML file.") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is no UTF-8; save it as UTF-8, as an editor offers it.") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not a TOML file ({error}); mend it.") from None
    root = data or os.environ.get("HOTSPOT_DATA") or path.parent / raw.get("root", ".")
    own = raw.get("criteria", {})
    try:
        usual = POLLUTANTS.get(str(raw.get("variable", "")), PM25).profile or PM25.profile
        # Whatever the jurisdiction, a pollutant's hours are held to its own limits, where the profile says no other.
        gate = {key: rules for key, rules in load_profile(usual).items() if key == "plausible"}
        profile = raw.pop("profile", usual)
        merged = _merge(_merge(gate, load_profile(profile)), own)
        study = Study.model_validate(raw | {"criteria": merged, "path": path, "root": Path(root).resolve()})
    except ValidationError as error:
        raise DataError(f"{path}: {_faults(error)}") from None
    study._own_words = load_words(profile)
    level = study.criteria.selection.second_criterion != "none"
    study.pollutant.refuse("rank", *["level"] * level, *["satellite"] * bool(study.satellite))
    return study


def _faults(error: ValidationError) -> str:
    """Every fault of a validation: where, what, and what came; but of an archive, where it may be a password."""
    other = {"extra_forbidden": "there is no such setting"}
    return "; ".join(
        f"{'.'.join(map(str, e['loc']))}: {other.get(e['type'], e['msg'])}"
        + ("" if "archive" in e["loc"][:1] else f" (got {e['input']!r})")
        for e in error.errors()
    )


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Nested dict with the values of ``above`` over those of ``below``."""
    merged = dict(below)
    for key, value in above.items():
        merged[key] = (
            _merge(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        )
    return merged
