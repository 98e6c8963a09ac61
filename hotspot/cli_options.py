"""What the commands of the shell share: their options, and how an answer is printed."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotspot.study import Study


def hush(on: bool) -> bool:
    """No progress on stderr from here on."""
    if on:
        os.environ["TQDM_DISABLE"] = "1"
    return on


def study_of(file: Path, data: Path | None = None) -> "Study":
    """The study of a file, with the folder of its deliveries where one is given."""
    from hotspot.study import load_study

    return load_study(file, data=data)


def _sentences(answer: Any) -> Iterable[str]:
    lines: Iterable[str] = answer["sentences"]
    return lines


def show(answer: Any, as_json: bool, lines: Callable[[Any], Iterable[str]] = _sentences) -> None:
    """Print an answer as one JSON object, or as lines of words: by default its ``sentences``."""
    from hotspot.text.door import json_text, said

    typer.echo(json_text(answer, indent=1) if as_json else "\n".join(said(line) for line in lines(answer)))


def show_files(files: Iterable[Any], as_json: bool) -> None:
    """Print where the products of a command lie: a line each, or one JSON object."""
    show({"files": [str(path) for path in files]}, as_json, lambda answer: answer["files"])


StudyFile = Annotated[Path, typer.Option("--study", help="The study's TOML file.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of the delivered files (else HOTSPOT_DATA).")]
Out = Annotated[Path, typer.Option("--out", help="Folder that the products go into.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.", callback=hush)]
Review = Annotated[Path | None, typer.Option("--review", help="Reviewer's file: cell,decision,reviewer,reason,date.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]
Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="A local calendar month.")]
By = Annotated[str, typer.Option("--by", help="Who publishes; stands in the ledger.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the ledger.")]
