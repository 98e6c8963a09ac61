"""The dated rules of the standards stand in rules/standards.toml and nowhere else; who needs one asks."""

import ast
import io
import re
import tokenize
from itertools import pairwise
from pathlib import Path

from hotspot.rules import standards
from hotspot.rules.alarming import Alarms
from hotspot.rules.criteria import Validity
from hotspot.rules.reasons import LEVEL, REASONS
from hotspot.rules.standards import INDEX_VERSIONS, STANDARDS, breakpoints

PACKAGE = Path(standards.__file__).parents[1]
TRUTH = ("standards.toml", "standards.py")
TEXTS = [p for p in sorted(PACKAGE.rglob("*")) if p.suffix in (".py", ".toml", ".js", ".typ") and p.name not in TRUTH]
SPEAKS = re.compile(
    r"GB ?3095|HJ ?6[36]3|(?:daily|annual|yearly|grade|class I+)\b.*\blimit|limits? of class|above the limit"
    r"|日均限值|年均限值"
)


def days_of_switches():
    """Every day on which a rule begins or ends, as it may be typed: the day, its month where one begins, in Chinese."""
    days = {s.first for s in STANDARDS.values()} | {s.last for s in STANDARDS.values()} | {standards.ACTUAL_FROM}
    days = sorted(day for day in days if day[:4] not in ("0001", "9999"))
    for day in days:
        year, month, of_month = day.split("-")
        yield re.compile(rf"(?<!\d){year}-{month}(?:-{of_month}|(?=[\"'` ,)]))|{year}年{int(month)}月{int(of_month)}日")


def dates_in(text):
    """Dates of the standards in the code of a file; examples of docstrings are no truth, they are run."""
    code = "\n".join(line for line in text.splitlines() if not re.match(r"\s*(?:>>>|\.\.\.)", line))
    return [found[0] for pattern in days_of_switches() for found in pattern.finditer(code)]


def limits_in(text):
    """Numbers of a Python file set beside a comment that says they are a limit of a standard."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.NUMBER or ast.literal_eval(token.string) not in NUMBERS:
            continue
        at = token.start[0] - 1
        above = lines[at - 1].strip() if at else ""
        said = lines[at].partition("#")[2] + (above if above.startswith("#") else "")
        if SPEAKS.search(said):
            yield at + 1


def columns_in(text):
    """Breakpoints of the index, three of them in a row."""
    runs = {run[i : i + 3] for v in INDEX_VERSIONS for run in breakpoints(v).values() for i in range(1, len(run) - 2)}
    numbers = [float(n) for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", text)]
    gaps = [re.sub(r"[\s,]", "", gap) for gap in re.split(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", text)[1:-1]]
    for i in range(len(numbers) - 2):
        if not gaps[i] and not gaps[i + 1] and tuple(numbers[i : i + 3]) in runs:
            yield tuple(numbers[i : i + 3])


NUMBERS = {n for s in STANDARDS.values() for pair in s.limits.values() for n in pair} | {
    float(n) for s in STANDARDS.values() for n in s.validity.values()
}


def test_no_date_or_limit_of_a_standard_is_typed_elsewhere():
    typed = {}
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        found = [*dates_in(text), *columns_in(text), *(limits_in(text) if path.suffix == ".py" else ())]
        if found:
            typed[str(path.relative_to(PACKAGE))] = found
    assert not typed, "ask rules.standards in place of typing it again (dates, breakpoints, lines with a limit)"


def test_the_search_finds_what_was_typed_before():
    assert dates_in('_STATE_CHANGE = "2018-09"') and dates_in("lie on two sides of 2026-03-01, 2018年9月1日")
    assert not dates_in('>>> standard_on("2026-03-01")')
    assert list(limits_in("O3 = 160.0  # ... or the largest is above the limit already, ug/m3\n"))
    assert list(limits_in("floor = Field(75.0)  # second-grade daily limit of GB 3095-2012\n"))
    assert list(limits_in("# first-grade daily limit\nfloor = 35.0\n")) and not list(limits_in("floor = 35.0\n"))
    assert list(columns_in("pm25 = (0, 35, 75, 115, 150)")) and not list(columns_in("(1, 2, 3)"))


def test_who_needs_a_limit_asks_the_standard_of_its_day():
    for day, first, second in (("2026-02-28", 35, 75), ("2026-03-01", 35, 60), ("2031-01-01", 25, 50)):
        rule = Alarms().on(day)
        assert (rule.floor, rule.full_level, rule.persistent_floor) == (first, second, second)
    assert Alarms(floor=40.0).on("2031-01-01").floor == 40.0  # what a study sets stays
    assert {name: getattr(Validity(), name) for name in STANDARDS["2012+2018"].validity} == dict(
        STANDARDS["2026-final"].validity
    )


def test_every_day_has_one_standard_and_none_lies_between():
    for one, other in pairwise(STANDARDS.values()):
        assert (other.first > one.last) and standards.standard_on(other.first).key == other.key
        assert standards.standard_change(one.last[:7], other.first[:7]).key == other.key


def test_a_warning_class_is_named_in_its_table_alone():
    """``quality/means/changes.py`` compares months of stations, no classes: its names are so by chance."""
    ids = [name for name in REASONS if name != LEVEL]
    typed = []
    for path in TEXTS:
        if path.name in ("reasons.toml", "changes.py") or path.parent.name == "profiles":
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            text = " ".join(t.string for t in tokens if t.type == tokenize.STRING and '"""' not in t.string)
        typed += [f"{path.relative_to(PACKAGE)}: {name}" for name in ids if re.search(rf"[\"'.\[]{name}\b", text)]
    assert typed == [], "ask rules.reasons"
    assert re.search(rf"[\"'.\[]{ids[0]}\b", f'_BASE = {{"{ids[0]}": 12}}')
