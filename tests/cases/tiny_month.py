"""A month of a few lines that goes through the real publishing: products and notices of one word, real ledger."""

import hashlib
import sys
from types import ModuleType, SimpleNamespace

import pandas as pd

from hotspot.publish import dialects, manifest, release
from hotspot.publish.tables.lists import WARNING_COLUMNS, write_warnings
from hotspot.sources.intake import Intake

MONTH = "2020-03"
RULES = {"escalation": {"window_months": 12}}
STUDY = SimpleNamespace(
    id="tiny",
    criteria=SimpleNamespace(
        warning=SimpleNamespace(decimals=1),
        escalation=SimpleNamespace(window_months=RULES["escalation"]["window_months"]),
    ),
)


def warned(rows):
    """A warning list of ``{cell: pm25}`` in the order of the values, all for the highest mean."""
    table = [
        dict.fromkeys(WARNING_COLUMNS, "")
        | {"month": MONTH, "city": "甲市", "reason": "highest", "rank": n, "cell": cell, "pm25": value, "p_top": 1 / n}
        for n, (cell, value) in enumerate(sorted(rows.items(), key=lambda item: -item[1]), 1)
    ]
    return pd.DataFrame(table, columns=list(WARNING_COLUMNS))


def derived(rows, root="."):
    """What a month came to, as far as publishing looks at it."""
    return SimpleNamespace(delivered=SimpleNamespace(intake=Intake(root)), warned=warned(rows))


def publish(out, rows, month=MONTH, **how):
    """``release.publish`` of a tiny month."""
    return release.publish(STUDY, month, derived(rows), out=out, **how)


def install(patch=setattr):
    """Put the tiny products and notices in the place of the real ones; ``patch`` is setattr or monkeypatch's."""
    for name, function in (("products", _write_products), ("office.warned.notices", _write_notices)):
        module = ModuleType(f"hotspot.publish.{name}")
        setattr(module, f"write_{name.split('.')[-1]}", function)
        if patch is setattr:
            sys.modules[module.__name__] = module
        else:
            patch.setitem(sys.modules, module.__name__, module)
    place = setattr if patch is setattr else patch.setattr
    place(manifest, "describe", _describe)
    place(dialects, "write_dialects", lambda *_: None)


def _write_products(folder, study, month, derived, *, state, progress=None, hands=None):
    write_warnings(folder / "warnings.csv", derived.warned, 1)
    for name in release.data_files()[1:]:
        (folder / name).write_text(f"{name} of {month}\n")
    (folder / "sheets").mkdir()
    (folder / "sheets" / "A.pdf").write_text(f"{month} {state}\n" * 300)


def _write_notices(folder, study, month, derived, edition, hands=None):
    (folder / "packages").mkdir()
    (folder / "packages" / "1.zip").write_text(repr(edition))
    (folder / "notice.docx").write_text(f"{edition.state} r{edition.revision} {edition.head}\n")


def _describe(study, month, derived, *, state):
    values = derived.warned[["cell", "pm25"]].to_csv().encode()
    return {
        "study": {"id": study.id, "file": "tiny.toml", "sha256": "", "text": ""},
        "month": month,
        "state": state,
        "program": {"hotspot": "0", "libraries": {}},
        "criteria": RULES,
        "inputs": [{"path": "input.csv", "sha256": hashlib.sha256(values).hexdigest(), "size": len(values)}],
    }
