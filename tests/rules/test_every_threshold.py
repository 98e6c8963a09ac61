"""Every comparison with a criterion in the code has a row of its own in a table of boundaries."""

import ast
from pathlib import Path

from hotspot.rules.criteria import Criteria

ROOT = Path(__file__).parents[2]
TABLES = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("tests/*/test_boundaries*.py")}
ORDER = ast.Lt | ast.LtE | ast.Gt | ast.GtE
SECTIONS = {name: type(section) for name, section in Criteria() if hasattr(type(section), "model_fields")}
CRITERIA = {name for section in SECTIONS.values() for name in section.model_fields}
# How the code calls what holds them.
HOLDERS = {
    *SECTIONS,
    "criteria",
    "rule",
    "rules",
    "few",
    "setting",
    "screening",
    "validity",
    "tracing",
    "interpolation",
}


def compared(tree):
    """Names of criteria, as attributes of what holds them, in the comparisons of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(one, ORDER) for one in node.ops):
            for part in ast.walk(node):
                holder = getattr(part, "value", None)
                called = getattr(holder, "attr", getattr(holder, "id", ""))
                if isinstance(part, ast.Attribute) and part.attr in CRITERIA and called in HOLDERS:
                    yield part.attr


def test_every_threshold_has_a_row():
    """Some table of boundaries speaks of each file and of its criteria; the table's rows do the rest."""
    seen, lacking = 0, []
    for path in sorted((ROOT / "hotspot").rglob("*.py")):  # not while tests are collected: both workers would parse all
        told = "\n".join(text for text in TABLES.values() if path.stem in text)
        names = sorted(set(compared(ast.parse(path.read_text(encoding="utf-8")))))
        seen += bool(names)
        lacking += [f"{path.relative_to(ROOT)}: {name}" for name in names if name not in told]
    assert seen
    assert not lacking, f"compared, without a row in tests/*/test_boundaries*.py: {'; '.join(lacking)}"
