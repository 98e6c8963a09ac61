"""The verb of the network: who looks after the cells."""

from pathlib import Path
from typing import Annotated

import typer

from hotspot.cli_options import Data, Json, Out, StudyFile, show


def add_to(app: typer.Typer) -> None:
    """Give the commands of this file to the shell."""
    app.command()(network)


def network(
    study: StudyFile,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day the register stands on.")] = "",
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Units and people of the network: tree, staffing findings, cells of each unit, the public list."""
    from hotspot.study import load_study
    from hotspot.workflows.closing.network import show_network

    show(show_network(load_study(study, data=data), day=date, out=out), as_json)
