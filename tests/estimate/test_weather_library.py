"""A machine without the library that LightGBM asks the system for."""

import sys

import pytest

from hotspot import cli
from hotspot.estimate.weather import model
from hotspot.variables import DataError


class Broken:
    """Finds LightGBM as a machine without OpenMP does."""

    def find_spec(self, name, path=None, target=None):
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")


def test_a_month_stops_where_the_model_cannot_be_loaded(monkeypatch, capsys):
    """It is no fault of the data: a list without its weather would come out, and only on that machine."""
    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"libgomp1, on macOS libomp") as refused:
        model._lightgbm()
    assert not isinstance(refused.value, DataError)

    def fails():
        raise refused.value

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli.gc, "set_threshold", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr().err
    assert (
        left.value.code == 1
        and said.startswith("hotspot: LightGBM does not load (libgomp.so.1")
        and "fault" not in said
    )
