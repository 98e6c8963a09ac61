"""The stub of the front door says what the lazy table says, and what is named there is typed."""

import ast
import inspect
import tomllib
from pathlib import Path

import hotspot

ROOT = Path(__file__).resolve().parents[1]
STUB = ROOT / "hotspot" / "__init__.pyi"


def stub_names():
    """Each name of the stub with the module it comes from."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    named = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname: node.module for node in named for alias in node.names if alias.asname == alias.name}


def test_the_stub_names_what_the_table_names():
    assert stub_names() == hotspot._WHERE


def test_every_function_at_the_door_is_annotated():
    for name in hotspot.__all__:
        value = getattr(hotspot, name)
        if inspect.isfunction(value):
            said = inspect.signature(value)
            bare = [p.name for p in said.parameters.values() if p.annotation is p.empty]
            assert not bare and said.return_annotation is not said.empty, f"{name}: {bare}"


def test_mypy_reads_the_whole_package_and_a_user():
    """The settings that keep annotations from rotting stay on; ``make test`` runs mypy with them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["disallow_untyped_defs"] and settings["warn_unused_ignores"] and "hotspot" in settings["files"]
    for rule in settings["overrides"]:
        off = {name for name, value in rule.items() if value is False} - {"implicit_reexport"}
        assert not off and "ignore_errors" not in rule, f"{rule['module']} is excepted: {sorted(off)}"
    user = next(rule for rule in settings["overrides"] if "door_user" in rule["module"])
    assert {"hotspot", "hotspot.contracts.*", "hotspot.workflows.*"} <= set(user["module"])
    assert user["disallow_any_generics"] and user["warn_return_any"] and user["disallow_untyped_calls"]
