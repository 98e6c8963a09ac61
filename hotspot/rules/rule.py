"""What every section of the criteria is: numbers that cannot be changed once read, and no key that nobody knows."""

from pydantic import BaseModel, ConfigDict


class Rule(BaseModel):
    """A section of the criteria; unknown keys are refused, values are fixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
