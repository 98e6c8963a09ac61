"""The verb that fetches, the only one that asks an archive on the network."""

from typing import Annotated

import typer

from hotspot.cli_options import Data, Json, StudyFile, show, study_of


def fetch(
    study: StudyFile, data: Data = None,
    restated: Annotated[bool, typer.Option("--restated", help="Take what changed at its source, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look and tell; write nothing.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Bring what is new of the study's archives into the data folder, whole files. Exit code 1 if any was refused."""
    from hotspot.archive.fetch import fetch_archive

    answer = fetch_archive(study_of(study, data), restated=restated, dry_run=dry_run)
    show(answer, as_json)
    raise typer.Exit(0 if answer["complete"] else 1)


COMMANDS = (fetch,)
