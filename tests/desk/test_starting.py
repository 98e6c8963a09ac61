"""``hotspot desk`` says before it starts why it cannot."""

import socket
import sys

import pytest
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.variables import DataError


def refused(*words):
    """What a command says that ends without having begun anything."""
    answer = CliRunner().invoke(app, ["desk", *words])
    assert isinstance(answer.exception, DataError) and "/join" not in answer.output, answer.output
    return str(answer.exception)


@pytest.fixture
def study(small_study, tmp_path):
    return ["--study", str(small_study), "--out", str(tmp_path)]


def test_a_port_that_is_taken(study, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1, port {port}: Address already in use; give another --port" in refused(*study, "--port", port)
    assert not list(tmp_path.rglob("desk.sqlite")), "no administrator was begun, no code was given"


def test_what_is_no_database(study):
    assert "'mysql://db/air' is no database of a ledger" in refused(*study, "--database", "mysql://db/air")


def test_without_its_libraries(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "hotspot.desk.serve", raising=False)
    assert refused(*study) == "the desk needs uvicorn; pip install 'hotspot[desk]'."
