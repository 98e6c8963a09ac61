"""The verbs of the desk: the loop in a browser for several people at once, its safety copies, its database."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hotspot.cli_options import Data, Json, Out, StudyFile, show, study_of


def desk(
    study: Annotated[Path | None, typer.Option("--study", help="The study's TOML file.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="The demo's study with its synthetic year of the loop.")] = False,
    host: Annotated[str, typer.Option(help="Where it listens; the office's proxy speaks to it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8018,
    database: Annotated[str, typer.Option(help="postgresql://host/db: where a ledger that is begun now lies.")] = "",
    out: Out = Path("out"), data: Data = None,
) -> None:  # fmt: skip
    """Serve the desk: today, alarms, problems, lists, figures, ledger; accounts from the network's register."""
    if demo == (study is not None):
        raise typer.BadParameter("give --study STUDY.toml, or --demo")
    try:
        from hotspot.desk.serve import serve_demo, serve_study
    except ModuleNotFoundError as error:
        from hotspot.variables import DataError

        raise DataError(f"the desk needs {error.name}; pip install 'hotspot[desk]'.") from None
    if study is None:
        serve_demo(out, host=host, port=port)
    else:
        serve_study(study, out, data=data, host=host, port=port, database=database)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, like desk-2026-01-01.backup.")],
    study: StudyFile, out: Out = Path("out"), as_json: Json = False,
) -> None:  # fmt: skip
    """One file with the chain, the accounts and the photos of a study; made while the desk runs."""
    from hotspot.desk.backup import back_up

    show(back_up(out / study_of(study).id, file), as_json, lambda a: [_told(a)])


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `hotspot backup` wrote.")],
    study: StudyFile, out: Out = Path("out"),
    database: Annotated[str, typer.Option(help="postgresql://host/db; default files below --out.")] = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Bring a backup back where there is no ledger yet; its chain is verified to the head."""
    from hotspot.desk.backup import restore as bring_back
    from hotspot.ledger.chain.storage import url_of

    name = study_of(study).id
    url = url_of(database, name) if database else ""
    show(bring_back(file, out / name, url=url), as_json, lambda a: [_told(a)])


def move_ledger(
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://host/db; the study's id is added.")],
    study: StudyFile, out: Out = Path("out"), as_json: Json = False,
) -> None:  # fmt: skip
    """Move a study's ledger and its desk's accounts into PostgreSQL, for several offices; every hash stays."""
    from hotspot.desk.store import accounts_follow
    from hotspot.ledger.chain.moving import move_ledger as move
    from hotspot.ledger.chain.storage import url_of

    name = study_of(study).id
    to = url_of(url, name)
    answer = {"study": name, "entries": move(out / name, to), "accounts": accounts_follow(out / name), "place": to}
    words = "{entries} entries, {accounts} accounts moved; from now on the ledger of {study} lies in {place}"
    show(answer, as_json, lambda a: [words.format(**a)])


def _told(about: dict[str, Any]) -> str:
    words = ", ".join(f"{about[name]} {name}" for name in ("entries", "accounts", "photos"))
    return f"{words}; head {about['head']}"


COMMANDS = (desk, backup, restore, move_ledger)
