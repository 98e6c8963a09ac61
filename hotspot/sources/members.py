"""The member offices of the command centre as delivered (A6): who monitors, warns, commands, enforces, manages."""

import re
from pathlib import Path

import pandas as pd

from hotspot.rules.network import FUNCTIONS
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import aside, kept_rows, once_each, open_register, whole
from hotspot.sources.network import dates

COLUMNS = ("name", "functions", "duty", "lead", "liaison", "phone", "from", "until")


def read_members(root: Path, name: str, intake: Intake) -> pd.DataFrame:
    """
    Read the register of member offices.

    Parameters
    ----------
    name : str, the file below it
    intake : Intake
        A row without a name, with an unknown function or a wrong date is set aside.

    Returns
    -------
    DataFrame with ``COLUMNS``, all text, in the file's order; ``functions``: keys of ``rules.network.FUNCTIONS``
    between ``;``

    Raises
    ------
    DataError
        The file is missing or cannot be read, or an office stands twice.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> rows = "成员单位,职能,联络员\\n气象局,监测；预警,王\\n某局,看天,李\\n"
    >>> _ = (root / "m.csv").write_text(rows, encoding="utf-8")
    >>> intake = Intake(root)
    >>> read_members(root, "m.csv", intake)[["name", "functions"]].values.tolist()
    [['气象局', 'monitor;warn']]
    >>> intake.quarantine[0].rule
    "functions '看天' is none of 监测, 预警, 指挥, 执法, 管理"
    """
    table = open_register(root, name, "network.members", ("name",), intake)
    frame = whole(table, COLUMNS)
    known = {zh: key for key, zh in FUNCTIONS.items()} | {key: key for key in FUNCTIONS}
    said = [[word for word in re.split(r"[;；、]", text) if word.strip()] for text in frame["functions"]]
    strange = pd.Series([any(word.strip() not in known for word in words) for words in said], dtype=bool)
    aside(table, "functions", strange, f"functions %r is none of {', '.join(FUNCTIONS.values())}")
    aside(table, "name", frame["name"] == "", "an office without a name")
    dates(table, frame)
    frame["functions"] = [";".join(known.get(word.strip(), "") for word in words) for words in said]
    return once_each(kept_rows(table, frame), ["name"], table.name, "give each office one row")


def without_office(members: pd.DataFrame) -> list[str]:
    """
    Functions that no member office has, in Chinese.

    Examples
    --------
    >>> without_office(pd.DataFrame({"functions": ["monitor;warn", "enforce"]}))
    ['指挥', '管理']
    """
    have = {one for text in members["functions"] for one in text.split(";")}
    return [zh for key, zh in FUNCTIONS.items() if key not in have]
