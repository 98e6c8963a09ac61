"""
What ``explain`` tells of a month, cell by cell, as plain arrays: made with the month, kept, and looked up.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot import contracts
from hotspot.contracts.records import Derived
from hotspot.sources.store import Store, told, words
from hotspot.study import Study
from hotspot.workflows.monthly.unchanged import lists_of

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = (
    "pm25", "pm25_error", "coverage", "n_valid", "pm25_normalised", "pm25_normalised_low", "pm25_normalised_high",
)  # fmt: skip
_PLACE = ("city", "county", "township", "label")
_WHERE = ("lon", "lat", "area_share")


def key_of(store: Store, month: str, inputs: str, home: Path) -> str:
    """Under what a store keeps what is told of a month made from ``inputs`` (``unchanged.made_from``) and its lists."""
    return store.key("explained", month, inputs, lists_of(month, home))


def explained(study: Study, month: str, derived: Derived) -> dict[str, np.ndarray]:
    """
    Everything ``explain`` tells of any cell of a month.

    Returns
    -------
    dict of arrays: numbers by (cell, month compared), texts as numbers into lists of words, rows of lists by cell
    """
    from hotspot.estimate.field.skill import ranks_sentence
    from hotspot.rank.warn.weather_change import weather_change

    field, cells = derived.field, study.cells
    names = contracts.compared_months(month)
    months = [contracts.of_month(field, name) for name in names]
    arrays = {"cell": cells["cell"].values.astype(str)}
    arrays |= {name: cells[name].values for name in _WHERE}
    nothing = np.full(cells.sizes["cell"], np.nan)  # of another pollutant no weather is taken out, no level is made
    values = [{name: one[name].values if name in one else nothing for name in (*_NUMBERS, "valid")} for one in months]
    arrays |= {name: np.stack([one[name] for one in values], axis=1) for name in (*_NUMBERS, "valid")}
    arrays |= {"gi_z": derived.gi["gi_z"].values, "level": field["level"].values if "level" in field else nothing}
    texts = {name: cells[name].values for name in _PLACE}
    texts |= {f"why {name}": one["why"].values for name, one in zip(names, months, strict=True)}
    texts |= {"gi_class": derived.gi["gi_class"].values}
    texts |= {name: field[name].values for name in ("abnormal_zh", "abnormal_en") if name in field.coords}
    lists = {}
    for name, values in texts.items():
        lists[name], arrays[name] = np.unique(values.astype(str), return_inverse=True)
    listed = derived.warned.join(weather_change(field, derived.warned))
    about = {
        "months": list(names),
        "words": {name: values.tolist() for name, values in lists.items()},
        "rows": {
            "hotspot": _by_cell(derived.hot),
            "warnings": _by_cell(listed),
            "not_ranked": _by_cell(derived.not_ranked),
            "sources": _by_cell(derived.traced),
        },
        "hours": {code: _plain_all(hours) for code, hours in derived.traced.attrs.get("hours", {}).items()},
        "people": {code: [who.said for who in people[:2]] for code, people in (derived.people or {}).items()},
        "how": {name: str(field.attrs[name]) for name in ("weather", "level")},
        "ranks": ranks_sentence(field.attrs, month),
    }
    return arrays | {"about": words(about)}


def of_cell(kept: Mapping[str, np.ndarray], code: str) -> dict[str, Any]:
    """
    The answer of one cell, without its sentences and its past.

    Parameters
    ----------
    kept : dict of arrays, from ``explained``

    Returns
    -------
    dict, as ``explain.explain_cell`` describes it; ``ranks`` is the sentence on what the month ranks
    """
    n, about = kept["cell"].tolist().index(code), told(kept["about"])

    def text(name: str) -> str:
        return str(about["words"][name][int(kept[name][n])])

    ends = {"normalised": "pm25_normalised", "low": "pm25_normalised_low", "high": "pm25_normalised_high"}
    months, numbers = about["months"], ("pm25", "pm25_error", "coverage", "n_valid")
    answer: dict[str, Any] = {
        "cell": code,
        "place": {name: text(name) for name in _PLACE} | {name: float(kept[name][n]) for name in _WHERE},
        "hotspot": about["rows"]["hotspot"].get(code, []),
        "months": {
            name: {number: plain(kept[number][n, k]) for number in numbers}
            | {"valid": bool(kept["valid"][n, k]), "why": text(f"why {name}")}
            for k, name in enumerate(months)
        },
        "gi_star": {"z": plain(kept["gi_z"][n]), "class": text("gi_class")},
        "warnings": about["rows"]["warnings"].get(code, []),
        "weather": {
            "month": {
                name: {ours: plain(kept[theirs][n, k]) for ours, theirs in ends.items()}
                for k, name in enumerate(months)
            },
            "level": plain(kept["level"][n]),
            "how": about["how"],
        },
        "not_ranked": about["rows"]["not_ranked"].get(code, []),
        "sources": about["rows"]["sources"].get(code, []),
        "hours": about["hours"].get(code, {}),
    }
    if "abnormal_en" in kept:
        answer["abnormal"] = {"zh": text("abnormal_zh"), "en": text("abnormal_en")}
    return answer | {"people": about["people"].get(code, []), "ranks": about["ranks"]}


def plain(value: Any) -> Any:
    """A value as JSON knows it; NaN becomes None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


def _plain_all(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): plain(value) for name, value in row.items()}


def _by_cell(table: "pd.DataFrame") -> dict[str, list[dict[str, Any]]]:
    """Rows of a table by cell, as dicts of plain values."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        found.setdefault(str(row["cell"]), []).append(_plain_all(row))
    return found
