"""What a study delivers beside the air: events from other desks, evidence at plants, the register of equipment."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

EVENT_COLUMNS = Literal["time", "place", "by", "channel", "type", "text", "lon", "lat"]


class Part(BaseModel):
    """A part of a study file: no key that nobody knows, fixed once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventFiles(Part):
    """``[[events]]``: tables or chat exports of one channel (A4). ``columns``: ours -> theirs."""

    files: tuple[str, ...]
    channel: str = ""
    columns: dict[EVENT_COLUMNS, str] = Field(default_factory=dict)
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None


class EvidenceFiles(Part):
    """``[[evidence]]``: what is known at a place itself (C14, B4). ``columns``: ours -> theirs."""

    layout: Literal["cems", "power", "dust", "video", "vehicle", "satellite", "observation"]
    files: tuple[str, ...]
    columns: dict[Literal["facility", "time", "quantity", "value", "unit", "state"], str] = Field(default_factory=dict)


class EvidenceLayer(Part):
    """
    ``[[evidence_layer]]``: what satellites saw beside the cells, fires or bare soil; evidence, never a rank.

    ``firms`` is the CSV of NASA's FIRMS (latitude, longitude, acq_date, acq_time UTC, confidence, frp in MW);
    ``vector`` polygons as GeoJSON, GeoPackage or Shapefile.
    """

    layout: Literal["firms", "vector"]
    kind: Literal["fire", "bare_soil"]
    files: tuple[str, ...]
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None  # of a vector file; FIRMS is in WGS 84
    source: str = ""

    @model_validator(mode="after")
    def _fits(self) -> "EvidenceLayer":
        if (self.layout == "firms") != (self.kind == "fire"):
            raise ValueError("layout 'firms' is of kind 'fire', layout 'vector' of kind 'bare_soil'")
        if self.layout == "vector" and self.datum is None:
            raise ValueError("polygons need their map datum: add datum = 'wgs84' or 'gcj02'")
        return self


class Registers(Part):
    """``[registers]``: tables below the data root, CSV or XLSX."""

    assets: str | None = None  # kind, count, place, lon, lat, radius_m: equipment that looks (A1)
