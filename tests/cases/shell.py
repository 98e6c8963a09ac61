"""The command line in a test, and the small tables that it is given."""

import csv

from typer.testing import CliRunner

from hotspot.cli import app


def run(*words, code=0):
    """What a command prints, and that it ends as it should."""
    got = CliRunner().invoke(app, [str(word) for word in words])
    assert got.exit_code == code, got.output
    return got.stdout


def write(path, *rows):
    """A table as CSV."""
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path
