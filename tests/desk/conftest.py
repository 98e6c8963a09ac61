"""The town's desk, once on files and once in a database."""

import uuid

import pytest
from argon2 import PasswordHasher
from desk_case import TestClient, Visitor, running, town_home
from starlette.applications import Starlette

from hotspot.desk import accounts


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes():
    """Guesses that cost little: what is tested is who comes in, and one test looks at the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        patch.setattr(accounts, "_hasher", lambda: cheap)
        yield


@pytest.fixture(scope="module", autouse=True)
def one_loop():
    """One event loop for every page that a file asks for, as a server has: to begin one cost more than most pages."""
    with TestClient(Starlette()) as any_client, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Visitor, "portal", any_client.portal)
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def desk(request, small_study, tmp_path_factory):
    """A running desk of the town; the tests of one file share it and leave what they wrote."""
    url = ""
    if request.param == "postgres":
        url = f"{request.getfixturevalue('postgres')}&study=d{uuid.uuid4().hex[:20]}"
    out = tmp_path_factory.mktemp("desk")
    return running(town_home(small_study, out, url), out)


@pytest.fixture(scope="module")
def plain_desk(small_study, tmp_path_factory):
    """The same on files only, for what no database changes."""
    out = tmp_path_factory.mktemp("plain")
    return running(town_home(small_study, out), out)
