"""Connections to PostgreSQL are lent and kept: bounded, one to a thread, whole after a fault, a restart and a fork."""

import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from postgres import away

from hotspot.ledger.chain import connections
from hotspot.ledger.chain.connections import Pool
from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError

PROBE = "select pg_backend_pid()"


@pytest.fixture
def url(postgres):
    """A ledger of its own."""
    return f"{postgres}&study=c{uuid.uuid4().hex[:20]}"


def backend(ledger):
    return ledger._storage.rows("select pg_backend_pid()")[0][0]


def add(url, n):
    with open_ledger(url) as ledger:
        return ledger.append("test", f"2020-{n:02d}", {"n": n}), backend(ledger)


def test_the_next_page_has_the_connection_of_the_one_before(url):
    assert len({add(url, n)[1] for n in range(1, 6)}) == 1


def test_no_more_than_the_bound_and_nobody_is_forgotten(postgres, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 3)
    pool, seen = Pool(postgres), set()

    def page(n):
        connection, row = pool.take("public", PROBE)
        try:
            assert connection.execute("select %s", [n]).fetchone() == (n,)
            seen.add(row[0])
        finally:
            pool.give(connection)
        return n

    with ThreadPoolExecutor(12) as many:
        assert list(many.map(page, range(200))) == list(range(200))
    assert len(seen) <= 3
    pool.close()


def test_when_all_are_out_it_is_said(postgres, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 1)
    monkeypatch.setattr(connections, "WAIT", 0.1)
    pool = Pool(postgres)
    monkeypatch.setattr(connections, "_DIAL", {})
    out, _ = pool.take("public", PROBE)
    with pytest.raises(DataError, match="all 1 connections"):
        pool.take("public", PROBE)
    pool.give(out)
    pool.give(pool.take("public", PROBE)[0])
    pool.close()


def test_a_connection_in_the_middle_of_something_is_not_lent_again(postgres):
    pool = Pool(postgres)
    connection, (first,) = pool.take("public", PROBE)
    connection.execute("begin")
    pool.give(connection)
    connection, (second,) = pool.take("public", PROBE)
    assert first != second
    pool.give(connection)
    pool.close()


def test_studies_that_share_connections_stay_apart(postgres):
    places = [f"{postgres}&study=s{n}{uuid.uuid4().hex[:16]}" for n in range(2)]
    for n in range(1, 4):
        for place in places:
            assert add(place, n)[0].seq == n


def test_a_server_that_goes_away_and_returns(url, postgres):
    with ThreadPoolExecutor(4) as many:  # several are kept
        list(many.map(lambda n: add(url, n), range(1, 5)))
    with away(postgres), pytest.raises(DataError, match="check that the server runs"):
        add(url, 5)
    assert add(url, 5)[0].seq == 5
    with open_ledger(url) as ledger:
        with away(postgres), pytest.raises(DataError, match="check that the server runs"):
            ledger.entries()
        with pytest.raises(DataError):
            ledger.append("test", "2020-06", {})
    with open_ledger(url) as ledger:
        assert ledger.verify() == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked where the system can")
def test_a_child_has_connections_of_its_own(url):
    ours = add(url, 1)[1]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = b"fault"
        try:
            told = str(add(url, 2)[1]).encode()
        finally:
            os.write(writing, told)
            os._exit(0)
    os.close(writing)
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    os.waitpid(child, 0)
    assert theirs.isdigit() and int(theirs) != ours
    entry, again = add(url, 3)
    assert entry.seq == 3 and again == ours


def test_many_writers_at_once_wait_for_each_other(postgres):
    """Also where connections are already open: then none is late, and each finds no schema before one makes it."""
    with ThreadPoolExecutor(8) as many:
        for _ in range(5):
            url, begun = f"{postgres}&study=c{uuid.uuid4().hex[:20]}", threading.Barrier(8)

            def write(n, url=url, begun=begun):
                begun.wait(30)
                return add(url, n)[0].seq

            assert sorted(many.map(write, range(1, 9))) == list(range(1, 9))
            with open_ledger(url) as ledger:
                assert ledger.verify() == 8
