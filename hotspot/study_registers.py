"""What a study delivers beside the air: events from other desks, evidence at plants, the register of equipment."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EVENT_COLUMNS = Literal["time", "place", "by", "channel", "type", "text", "lon", "lat"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventFiles(_Part):
    """``[[events]]``: tables or chat exports of one channel (A4). ``columns``: ours -> theirs."""

    files: tuple[str, ...]
    channel: str = ""
    columns: dict[EVENT_COLUMNS, str] = Field(default_factory=dict)
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None


class EvidenceFiles(_Part):
    """``[[evidence]]``: stack records, power meters, what somebody saw (C14). ``columns``: ours -> theirs."""

    layout: Literal["cems", "power", "observation"]
    files: tuple[str, ...]
    columns: dict[Literal["facility", "time", "quantity", "value", "unit", "state"], str] = Field(default_factory=dict)


class Registers(_Part):
    """``[registers]``: tables below the data root, CSV or XLSX."""

    assets: str | None = None  # kind, count, place, lon, lat, radius_m: equipment that looks (A1)
