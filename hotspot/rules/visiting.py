"""
The numbers of a day in the field: how long a visit takes, what it may be worth.

D23 asks for a ranking under an inspection budget and publishes no number, so all
of it is a proposal; an office that has timed its own visits writes them here.
"""

from pydantic import Field, ValidationInfo, field_validator

from hotspot.rules.classes import source_classes
from hotspot.rules.rule import Rule

# Minutes on the spot by source class; a class that is not named takes ``other_minutes``.
MINUTES = {
    "power": 90.0,
    "steel": 120.0,
    "coking": 120.0,
    "cement": 90.0,
    "chemical": 90.0,
    "building_materials": 60.0,
    "concrete": 40.0,
    "coating": 60.0,
    "foundry": 60.0,
    "boiler": 40.0,
    "construction": 40.0,
    "storage_yard": 30.0,
    "quarry": 60.0,
    "catering": 20.0,
    "car_repair": 20.0,
    "gas_station": 20.0,
    "livestock": 30.0,
}
# What an enterprise counts, by the word of the wind; "nothing known" stands between weak and strong.
EVIDENCE = {"strong": 1.0, "moderate": 0.75, "weak": 0.3, "not enough hours": 0.5, "no hourly data": 0.5}


class Visiting(Rule):
    """What one team can do, and what a stop may bring. D23; proposals throughout."""

    day_hours: float = Field(7.0, gt=0, le=24)  # on the road and on the spot, without the way from and to the office
    days: int = Field(5, ge=1, le=31)  # working days of one team: until the return form is due (handover)
    speed_kmh: float = Field(25.0, gt=0)  # of the straight line between two stops; no road network is known
    minutes: dict[str, float] = Field(default_factory=lambda: dict(MINUTES))  # of an enterprise, by class
    other_minutes: float = Field(45.0, gt=0)
    area_minutes: float = Field(90.0, gt=0)  # to walk a cell for sources that nobody registered (C10)
    area_value: float = Field(0.5, ge=0)  # of that walk, beside an enterprise with strong evidence: 1
    evidence: dict[str, float] = Field(default_factory=lambda: dict(EVIDENCE))  # of an enterprise, by its word

    @field_validator("minutes", "evidence")
    @classmethod
    def _over_the_defaults(cls, value: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        # A study that has timed one class keeps our numbers for the others.
        field = str(info.field_name)
        known = {"minutes": MINUTES, "evidence": EVIDENCE}[field]
        classes = {"minutes": tuple(source_classes()), "evidence": tuple(EVIDENCE)}[field]
        strange = sorted(set(value) - set(classes))
        if strange:
            raise ValueError(f"{strange[0]!r} is not known; there are: {', '.join(classes)}")
        wrong = [key for key, number in value.items() if not number >= 0]
        if wrong:
            raise ValueError(f"{wrong[0]} is {value[wrong[0]]}; give a number of 0 or more")
        return {**known, **value}
