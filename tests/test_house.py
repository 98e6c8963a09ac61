"""The house itself: imports point down, kernels stay plain, files stay small."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "hotspot"
FLOORS = {
    "variables": 0,
    "registry": 0,
    "one_thread": 0,
    "kernels": 0,
    "in_order": 1,
    "patterns": 1,
    "foreign": 2,
    "text": 1,
    "rules": 1,
    "grid": 3,
    "study_view": 3,
    "study_registers": 1,
    "study_loop": 3,
    "study_archive": 3,
    "study": 4,
    "archive": 5,
    "contracts": 5,
    "sources": 6,
    "deliveries": 7,
    "lake": 7,
    "synthetic": 8,
    "quality": 8,
    "estimate": 9,
    "rank": 10,
    "trace": 11,
    "ledger": 12,
    "publish": 13,
    "accessor": 14,
    "front": 14,
    "workflows": 14,
    "desk": 15,
    "cli_options": 15,
    "cli_words": 15,
    "cli_uniform": 16,
    "cli_archive": 16,
    "cli_desk": 16,
    "cli_loop": 16,
    "cli_registers": 16,
    "cli_calendar": 16,
    "cli": 17,
    "__main__": 18,
}
ABSENT = {"utils", "core", "base", "common", "helpers", "io", "types", "constants"}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    """The room a file belongs to: its folder below the package, or its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def named_only(tree):
    """What stands below ``if TYPE_CHECKING``: names for signatures, nothing that runs."""
    blocks = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {node for block in blocks for node in ast.walk(block)}


def imported(path, *, only_named=False):
    """Every module a file imports, at its top or inside a function; or those it only names in signatures."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = named_only(tree)
    for node in ast.walk(tree):
        if (node in named) != only_named:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the room in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    room = room_of(path)
    if room == "__init__":
        return  # the package's front door names all rooms, lazily
    for module in imported(path):
        if not module.startswith("hotspot."):
            continue
        other = module.split(".")[1]
        if other == room:
            continue
        assert other in FLOORS, f"{room} imports {other}, which is no room of the house"
        assert FLOORS[other] < FLOORS[room], (
            f"{room} (floor {FLOORS[room]}) imports {other} (floor {FLOORS[other]}): imports point down only"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_a_study_is_named_from_below(path):
    """A reader below ``study.py`` may say in a signature that it is given a part of a study; no more than that."""
    floor = FLOORS.get(room_of(path), max(FLOORS.values()))
    above = [m for m in imported(path, only_named=True) if m.startswith("hotspot.")]
    above = [m for m in above if m.split(".")[1] != room_of(path) and FLOORS[m.split(".")[1]] >= floor]
    assert all(module.startswith("hotspot.study.") for module in above), f"{path.name} names {above}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda p: p.name)
def test_kernels_import_only_math_numpy_numba_and_types(path):
    tops = {m.split(".")[0] for m in imported(path) if not m.startswith("hotspot.kernels")}
    assert tops <= {"math", "numpy", "numba", "typing"}, f"kernels/{path.name} imports {sorted(tops)}"


def test_rooms_are_on_the_plan():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms <= FLOORS.keys(), f"not on the plan: {sorted(rooms - FLOORS.keys())}"
    assert not ABSENT & {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400, f"{path.name}: split it by idea"


SHELVES = [
    place
    for room in ("quality", "estimate", "rank", "trace", "ledger", "workflows", "publish/office")
    for place in (PACKAGE / room, *(PACKAGE / room).rglob("*"))
    if (place / "__init__.py").is_file()
]


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_shelf_holds_a_dozen_files(shelf):
    """What stands on a shelf is seen at a glance."""
    assert len([path for path in shelf.glob("*.py") if path.name != "__init__.py"]) <= 12, "a shelf for an idea"


def test_no_two_test_files_share_a_name():
    """Test folders are no packages, so two files of one name cannot both be loaded."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_import_is_light():
    """The front door loads no heavy library: `hotspot --help` must stay quick."""
    import subprocess
    import sys

    heavy = {"numba", "pandas", "xarray", "geopandas", "rasterio", "folium"}
    code = f"import sys, hotspot, hotspot.cli; print(sorted({heavy!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_public_name_is_there():
    """Each name of the front door leads to something with a docstring."""
    import hotspot

    for name in hotspot.__all__:
        assert getattr(hotspot, name).__doc__, name
