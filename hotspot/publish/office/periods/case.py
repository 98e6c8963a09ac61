"""
A typical case for the paper (B20): who it is about is taken out, its length counted, its sign-offs held to the rule.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from hotspot.publish.office.paper import Head, Paper
from hotspot.rules.loop import Cases
from hotspot.variables import DataError

_RULE = Cases()
KINDS = (
    "偷排偷放", "超标排放", "在线监测数据造假", "台账造假", "设施不正常运行", "应急减排不落实", "屡查屡犯", "整改不力",
)  # fmt: skip
REQUIRED = ("title", "facility", "decision_no", "decided", "review_ended", "kind", "reviews", "proofs")
# A digit group and a foreign word count once; every other letter or mark once; blanks never.
_COUNTED = re.compile(r"\d+(?:[.,:]\d+)*|[A-Za-z]+|\S")
_LABELS = {"facility": "某企业", "person": "某人", "address": "某地", "code": "某编号", "other": "某方"}
_HAN = {2: "两", 3: "三", 4: "四"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIRM = re.compile(
    r"(?:集团|控股)?(?:股份有限公司|有限责任公司|有限公司|分公司|公司|总厂|工厂|厂|站|部|加油站|合作社)+$"
)
_TRADE = re.compile(
    r"(?:化工|建材|水泥|钢铁|焦化|铸造|家具|印刷|包装|混凝土|机械|制造|科技|热力|热电|能源|环保|实业|商贸|矿业|石化|涂料)+$"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# What no register knows and still names somebody.
_TELLING = {
    "手机号码": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "身份证号码": re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"),
    "信用代码": re.compile(r"(?<![0-9A-Z])(?=[0-9A-Z]*[A-Z])9[0-9A-HJ-NP-RT-UW-Y]{17}(?![0-9A-Z])"),
    "车牌": re.compile(rf"[{_PROVINCES}][A-Z][A-Z0-9]{{5,6}}(?![A-Z0-9])"),
    "门牌": re.compile(r"[一-龥]{1,8}(?:路|街|巷|大道)\d+号"),
    "坐标": re.compile(r"(?<!\d)\d{2,3}\.\d{4,}\s*[,，°]"),
}


@dataclass(frozen=True)
class Case:
    """A case as written: ``about`` its front matter, ``body`` its text."""

    about: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Redacted:
    """A case without names: ``count`` as the paper counts, ``replaced``: (what kind, how many times)."""

    title: str
    body: str
    count: int
    replaced: tuple[tuple[str, int], ...]


def read_case(text: str, name: str = "CASE.md") -> Case:
    """
    A case from its file: lines ``key: value`` between two lines ``---``, then the text.

    Raises
    ------
    DataError
        There is no such head, or a key is missing.

    Examples
    --------
    >>> read_case("正文。")
    Traceback (most recent call last):
    hotspot.variables.DataError: CASE.md: begins with no head; write --- , lines like "kind: 超标排放", --- , the text.
    """
    parts = re.split(r"^---[ \t]*$", text.removeprefix("\ufeff").replace("\r\n", "\n"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise DataError(f'{name}: begins with no head; write --- , lines like "kind: 超标排放", --- , the text.')
    about = {}
    for line in parts[1].splitlines():
        key, colon, value = line.partition(":") if ":" in line else line.partition("：")
        if colon:
            about[key.strip()] = value.strip()
    lacking = [key for key in REQUIRED if not about.get(key)]
    if lacking:
        raise DataError(f"{name}: the head has no {lacking[0]}; it needs {', '.join(REQUIRED)}.")
    return Case(about, parts[2].strip())


def case_faults(case: Case, asof: str, rule: Cases = _RULE) -> list[str]:
    """
    Why a case may not be printed yet: kind, an open review, sign-offs.

    Parameters
    ----------
    asof : str, "YYYY-MM-DD"

    Examples
    --------
    >>> head = {"kind": "超标排放", "decided": "2025-03-01", "review_ended": "2025-09-02", "proofs": "甲、乙、甲"}
    >>> case_faults(Case(head | {"reviews": "甲、乙、丙"}, ""), "2025-10-01")
    []
    >>> case_faults(Case(head | {"reviews": "甲、乙、甲"}, ""), "2025-09-01")
    ['review_ended 2025-09-02: 复议、诉讼期限未满或尚未终结', 'reviews: 三审须三个不同的人，现有2人']
    """
    about, said, days = case.about, [], {}
    if about["kind"] not in KINDS:
        said.append(f"kind {about['kind']!r}: 不在{'、'.join(KINDS)}之内")
    for key, given in (("decided", about["decided"]), ("review_ended", about["review_ended"]), ("asof", asof)):
        try:
            days[key] = date.fromisoformat(given[:10])
        except ValueError:
            said.append(f"{key} {given!r}: 不是日期，写作2025-03-01")
    if len(days) == 3:
        if days["review_ended"] < days["decided"]:
            said.append(f"review_ended {days['review_ended']}: 早于处罚决定日{days['decided']}")
        elif days["review_ended"] > days["asof"]:
            said.append(f"review_ended {days['review_ended']}: 复议、诉讼期限未满或尚未终结")
    reviews, proofs = (names_of(about[key]) for key in ("reviews", "proofs"))
    if len(set(reviews)) < rule.reviews:
        said.append(f"reviews: 三审须{_HAN.get(rule.reviews, rule.reviews)}个不同的人，现有{len(set(reviews))}人")
    if len(proofs) < rule.proofs:
        said.append(f"proofs: 三校须{_HAN.get(rule.proofs, rule.proofs)}次签名，现有{len(proofs)}次")
    return said


def redact(case: Case, known: Mapping[str, Iterable[str]], *, name: str = "CASE.md", rule: Cases = _RULE) -> Redacted:
    """
    The case with everybody it names taken out.

    Parameters
    ----------
    case : Case
        ``hide`` in its head names more: separated by 、 or commas.
    known : mapping
        ``facility``, ``person``, ``address``, ``code``: names from the registers.
    name : str
        For messages.

    Raises
    ------
    DataError
        A name, a part of an enterprise's name, a number plate, phone, identity or house number remains; or the
        text is shorter than 1000 or longer than 1500.

    Notes
    -----
    An enterprise is also known by its name without its place and its form (某市宏远化工有限公司: 宏远化工, 宏远).

    Examples
    --------
    >>> case = Case({"facility": "F1", "title": "一例"}, "宏远化工被罚，厂长王强认错。" + "改" * 1000)
    >>> found = redact(case, {"facility": ["甲市宏远化工有限公司"], "person": ["王强"]})
    >>> found.body[:17], found.count
    ('某企业A被罚，厂长某人A认错。改改', 1015)
    """
    hidden: dict[str, list[str]] = {kind: [] for kind in _LABELS}
    for kind, names in known.items():
        hidden[kind] += [one.strip() for one in names if one and one.strip()]
    hidden["facility"].append(case.about["facility"])
    hidden["other"] += names_of(case.about.get("hide", ""))
    hidden["code"].append(case.about.get("decision_no", ""))
    text, counted = f"{case.about.get('title', '')}\n{case.body}", []
    for kind, label in _LABELS.items():
        forms = _forms(hidden[kind], kind)
        text, n = _replaced(text, forms, label)
        if n:
            counted.append((label, n))
    _require_none_left(text, hidden, name)
    title, _, body = text.partition("\n")
    body = body.strip()
    count = length_of(body)
    if not rule.shortest <= count <= rule.longest:
        raise DataError(f"{name}: the text counts {count}; a case has {rule.shortest} to {rule.longest} (B20).")
    return Redacted(title.strip(), body, count, tuple(counted))


def length_of(text: str) -> int:
    """
    Characters as a paper counts them: every Han character, mark, digit group and foreign word one.

    Examples
    --------
    >>> length_of("2025年12月3日，PM2.5超标12.5%。"), length_of(" 甲 乙\\n")
    (14, 2)
    """
    return len(_COUNTED.findall(text))


def names_of(text: str) -> list[str]:
    """
    Names separated by 、, commas or semicolons.

    Examples
    --------
    >>> names_of("甲、乙,丙；")
    ['甲', '乙', '丙']
    """
    return [part.strip() for part in re.split(r"[、,，;；]", text) if part.strip()]


def case_paper(case: Case, found: Redacted, *, office: str = "") -> Paper:
    """The case as it goes to the paper; its kind, count and sign-offs at the foot."""
    blocks: list = []
    for paragraph in re.split(r"\n\s*\n|\n", found.body):
        words = paragraph.strip()
        if words:
            blocks.append(Head(words.lstrip("# ")) if words.startswith("#") else words)
    about = case.about
    foot = [
        f"案件类型：{about['kind']}；正文{found.count}字。",
        f"三审：{'、'.join(names_of(about['reviews']))}；三校：{'、'.join(names_of(about['proofs']))}。",
    ]
    return Paper(found.title, blocks, under="（典型案例）", signer=office, foot=foot)


def _forms(names: Iterable[str], kind: str) -> list[list[str]]:
    """Every name with the forms it is also known by, the longest first."""
    found = []
    for name in dict.fromkeys(names):
        if len(name) < 2:
            continue
        forms = {name, *(_short(name) if kind == "facility" else ())}
        found.append(sorted(forms, key=lambda form: (-len(form), form)))
    return found


def _short(name: str) -> list[str]:
    """An enterprise without its place and form, and without its trade."""
    core = _FIRM.sub("", re.sub(r"^.{1,9}?(?:省|市|自治区|自治州|州|地区|盟)(?=.{3})", "", name))
    core = re.sub(r"^[^厂司]{1,6}?[县区旗镇乡](?=.{3})", "", core)
    stem = _TRADE.sub("", core)
    return [form for form in (core, stem) if len(form) >= 2 and re.search(r"[一-龥]", form) and form != "某企业"]


def _replaced(text: str, names: list[list[str]], label: str) -> tuple[str, int]:
    """Each name that occurs by its own letter, in order of appearance; the longest form first."""
    first = {n: min((text.find(f) for f in forms if f in text), default=-1) for n, forms in enumerate(names)}
    order = sorted((n for n, at in first.items() if at >= 0), key=lambda n: first[n])
    letters = {n: _letter(k) for k, n in enumerate(order)}
    pairs = sorted(((form, n) for n in order for form in names[n]), key=lambda pair: -len(pair[0]))
    total = 0
    for form, n in pairs:
        total += text.count(form)
        text = text.replace(form, f"\x00{label}{letters[n]}\x01")
    return text.replace("\x00", "").replace("\x01", ""), total


def _letter(number: int) -> str:
    return _LETTERS[number % 26] + (str(number // 26) if number >= 26 else "")


def _require_none_left(text: str, known: Mapping[str, list[str]], name: str) -> None:
    left = [one for kind, names in known.items() for forms in _forms(names, kind) for one in forms if one in text]
    for what, pattern in _TELLING.items():
        found = pattern.search(text)
        if found:
            left.append(f"{what} {found[0]}")
    if left:
        raise DataError(f"{name}: {left[0]!r} still tells who it is; take it out, or name it in hide.")
