"""What flows between the rooms: typed, checked when it is made, months by name."""

from hotspot.contracts.fields import (
    VALUES,
    Field,
    along_cell,
    checked,
    compared,
    compared_months,
    field,
    in_order,
    months_in,
    named,
    of_month,
    pollutant_of,
    values_of,
)

__all__ = [
    "VALUES",
    "Field",
    "along_cell",
    "checked",
    "compared",
    "compared_months",
    "field",
    "in_order",
    "months_in",
    "named",
    "of_month",
    "pollutant_of",
    "values_of",
]
