"""What officials read in several products is written once: no longer Chinese label stands in two files."""

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

from unpacked import unpacked

from hotspot.rules.pollutants import PM25

ROOM = Path(__file__).parents[2] / "hotspot"
LONGER = 3  # characters; shorter words are the field's terms and stand where their column is
# The heads of an office's own files are the office's words, no labels of ours: they count from FOREIGN_LONGER on.
FOREIGN, FOREIGN_LONGER = ("synthetic/", "sources/", "desk/demo.py"), 5
# Two doors of the desk answer alike, and neither knows the other.
ALLOWED = {"两次输入的密码不一致", "表单已过期，请刷新页面再提交"}


def labels(tree, longer=LONGER):
    """Whole Chinese texts of a file: no docstrings, no parts of a sentence made from others."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docs | parts else None
        if isinstance(text, str) and len(re.findall("[\u4e00-\u9fff]", text)) > longer:
            yield text.strip()


def test_no_label_is_written_in_two_files():
    where = defaultdict(set)
    for path in ROOM.rglob("*.py"):
        name = path.relative_to(ROOM).as_posix()
        longer = FOREIGN_LONGER if name.startswith(FOREIGN) else LONGER
        for label in labels(ast.parse(path.read_text(encoding="utf-8")), longer):
            where[label].add(name)
    twice = {label: sorted(files) for label, files in where.items() if len(files) > 1 and label not in ALLOWED}
    assert not twice, f"bring each to one place (text/labels.toml, text/*columns.toml): {twice}"


def test_a_label_has_one_key_and_every_key_is_used():
    stated = tomllib.loads((ROOM / "text" / "labels.toml").read_text(encoding="utf-8"))
    assert len(set(stated.values())) == len(stated)
    asked = {
        node.args[0].value
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "label_of"
        and isinstance(node.args[0], ast.Constant)
    }
    assert asked == set(stated)


def test_every_mark_in_a_text_is_one_that_is_filled():
    texts = [path for kind in ("py", "toml", "js", "typ", "html") for path in ROOM.rglob(f"*.{kind}")]
    marks = {mark for path in texts for mark in re.findall("@[a-z_]+@", path.read_text(encoding="utf-8"))}
    assert marks == set(PM25.marks)


def test_no_mark_leaves_the_house(small_published):
    said = unpacked(small_published.folder)
    assert "PM2.5月均浓度最高" in said["warnings.xlsx/xl/sharedStrings.xml"].decode()
    assert [name for name, data in said.items() if re.search("|".join(PM25.marks).encode(), data)] == []
