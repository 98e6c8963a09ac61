"""
What a manifest must look like before anything in it is believed: it may come from a stranger.

Names are names below the month's folder, never places; every part is of its kind; what is not is
answered with its key.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from hotspot.text.door import shown
from hotspot.variables import DataError


def plain_path(name: str) -> str:
    """
    A name below a folder, or an error: no root, no step up, no drive, nothing hidden.

    Examples
    --------
    >>> plain_path("sheets/A.pdf")
    'sheets/A.pdf'
    >>> plain_path("../x")
    Traceback (most recent call last):
    ValueError: '../x' is no name below the folder
    """
    steps = name.split("/")
    if not name or "\\" in name or "\0" in name or any(step in ("", ".", "..") for step in steps):
        raise ValueError(f"{shown(name)!r} is no name below the folder")
    return name


_Path = Annotated[str, AfterValidator(plain_path)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _File(_Part):
    sha256: _Hash
    size: int = Field(ge=0)


class _Input(_File):
    path: _Path


class _StudyText(_Part):
    file: Path | str
    text: str
    sha256: str


class _Program(_Part):
    hotspot: str
    libraries: dict[str, str]


class _Chain(_Part):
    entry: dict[str, Any]
    seq: int
    previous: str
    head: str
    revision: int


class _Window(_Part):
    window_months: int


class _Criteria(_Part):
    escalation: _Window


class _Manifest(_Part):
    month: _Month
    state: str
    study: _StudyText
    program: _Program
    criteria: _Criteria
    inputs: list[_Input]
    outputs: dict[_Path, _File]
    notices: dict[_Path, _File]
    chain: _Chain | dict[str, Any]
    history: dict[_Month, list[str]]
    chances: dict[_Month, dict[str, float]] = {}
    replaces: int
    changes: list[dict[str, Any]]
    past: dict[str, list[Annotated[list[str], Field(min_length=2, max_length=2)]]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> "_Manifest":
        if isinstance(self.chain, dict) and self.chain:
            raise ValueError("chain lacks one of entry, seq, previous, head, revision, or one is of another kind")
        if "warnings.csv" not in self.outputs:
            raise ValueError("outputs do not name warnings.csv")
        return self


def parse_manifest(text: str, name: Path | str) -> dict[str, Any]:
    """
    A manifest's text as a dict that holds what every reader of it takes for granted.

    Parameters
    ----------
    name : str or Path
        For messages.

    Returns
    -------
    dict, as JSON has it

    Raises
    ------
    DataError
        It is no JSON, no manifest, of an older program, or a part of it is of another kind.

    Examples
    --------
    >>> parse_manifest('{"month": "2020-01", "outputs": null, "chain": [], "notices": {}}', "manifest.json")
    Traceback (most recent call last):
    hotspot.variables.DataError: manifest.json: is no manifest as we write it (state: Field required; ...
    """
    try:
        stated = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is no JSON ({error}); the file was altered.") from None
    if not isinstance(stated, dict) or not {"month", "outputs", "chain"} <= stated.keys():
        raise DataError(f"{name}: is no manifest of a month; give the folder of a published month.")
    if "notices" not in stated:
        program = stated["program"].get("hotspot") if isinstance(stated.get("program"), dict) else None
        raise DataError(
            f"{name}: written before months had revisions; verify it with the program that made it "
            f"(hotspot {shown(str(program or 'an older version'))[:40]}), "
            "or publish the month again into another --out."
        )
    try:
        _Manifest.model_validate(stated)
    except ValidationError as error:
        told = "; ".join(_fault(fault) for fault in error.errors()[:3])
        raise DataError(f"{name}: is no manifest as we write it ({told}); the file was altered.") from None
    return stated


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(shown(str(step))[:60] for step in fault["loc"])
    said = re.sub(r"^Value error, ", "", fault["msg"])
    return f"{where}: {said}" if where else said
