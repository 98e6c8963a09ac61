"""What every section of the criteria is: fixed once read, no key that nobody knows, no number that nobody means."""

import math
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_serializer

# The most that makes sense of a quantity, by how its name ends; above it stands a slip of the keyboard, or a
# run that would never end. What is not named here may be a thousand times its default.
CEILINGS = {
    "n_draws": 100_000, "seed": 2**63 - 1, "_km": 2_000, "_m": 50_000, "months": 240, "workdays": 366, "days": 3_660,
    "hours": 8_784, "minutes": 10_000, "neighbours": 1_000, "stations": 1_000, "cells": 100, "references": 100,
    "trees": 5_000, "leaves": 1_000, "folds": 100, "consecutive": 120, "cumulative": 120,
}  # fmt: skip


class Rule(BaseModel):
    """
    A section of the criteria; unknown keys and absurd numbers are refused, values are fixed.

    What is named in ``UNSAID`` is printed only where a study or profile changes it: numbers that became criteria after
    months were published, so that the manifests of those stay as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    UNSAID: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _what_is_said(self, whole: Any) -> dict[str, Any]:
        told: dict[str, Any] = whole(self)
        fields = type(self).model_fields
        same = {name for name in self.UNSAID if getattr(self, name) == fields[name].default}
        return {name: value for name, value in told.items() if name not in same}

    @field_validator("*", mode="after")
    @classmethod
    def _meant(cls, value: Any, info: ValidationInfo) -> Any:
        numbers = value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else (value,)
        ceiling = _ceiling(cls, str(info.field_name))
        for number in numbers:
            if not isinstance(number, int | float) or isinstance(number, bool):
                continue
            if not math.isfinite(number) or abs(number) > ceiling:
                raise ValueError(f"{number:g} is beyond what it can mean; give at most {ceiling:g}")
        return value


def _ceiling(model: type[BaseModel], name: str) -> float:
    for ending, most in CEILINGS.items():
        if name.endswith(ending):
            return most
    default = model.model_fields[name].get_default(call_default_factory=True)
    values = default if isinstance(default, tuple) else default.values() if isinstance(default, dict) else (default,)
    return 1_000 * max([1.0, *(abs(v) for v in values if isinstance(v, int | float))])
