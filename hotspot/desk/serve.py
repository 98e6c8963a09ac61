"""The desk started from the shell: a study's own, or the demo's with invented people."""

import socket
import sys
from pathlib import Path

import uvicorn

from hotspot.desk.accounts import all_accounts
from hotspot.desk.app import desk_app
from hotspot.desk.demo import PASSWORD, demo_desk
from hotspot.desk.desk import Desk
from hotspot.desk.login import FIRST, first_code
from hotspot.ledger.chain.moving import move_ledger
from hotspot.ledger.chain.storage import FILE, is_there, place_of, url_of
from hotspot.study import Study, load_study
from hotspot.variables import DataError


def serve_study(
    file: Path, out: Path, *, data: Path | None = None, host: str = "127.0.0.1", port: int = 8018, database: str = ""
) -> None:
    """
    Serve a study's desk until it is stopped.

    Parameters
    ----------
    out : Path, where its months are published
    host, port : where it listens
    database : str
        PostgreSQL's URL: a study without a ledger begins it there; one whose ledger lies elsewhere is refused.

    Raises
    ------
    DataError
        The study or its register cannot be read, or the ledger does not lie in ``database``.
    """
    study = load_study(file, data=data)
    if database:
        _begin_in(study, out, database)
    _run(Desk(study, out), host, port)


def serve_demo(out: Path, *, host: str = "127.0.0.1", port: int = 8018) -> None:
    """Make the demo where it is not there yet, and serve its desk as on the morning after its last month."""
    desk = demo_desk(out)
    with desk.store() as store:
        logins = ", ".join(f"{one.login} ({one.name})" for one in all_accounts(store))
    print(f"invented people; password {PASSWORD}: {logins}", file=sys.stderr)
    _run(desk, host, port)


def _run(desk: Desk, host: str, port: int) -> None:
    _listens(host, port)
    desk.home.mkdir(parents=True, exist_ok=True)
    desk.read()
    code = first_code(desk)
    if code:
        print(
            f"first administrator: open http://{host}:{port}/join with the code {code} (login {FIRST})", file=sys.stderr
        )
    print(f"hotspot desk of {desk.study.id}: http://{host}:{port}/  (Ctrl+C ends it)", file=sys.stderr)
    # No access log: addresses of people and what they search stay out of it. One proxy on this machine is believed.
    uvicorn.run(
        desk_app(desk), host=host, port=port, access_log=False, log_level="warning", server_header=False,
        proxy_headers=True, forwarded_allow_ips="127.0.0.1", timeout_keep_alive=15, limit_concurrency=500,
    )  # fmt: skip


def _listens(host: str, port: int) -> None:
    """Said before anything is begun, and before an address is printed at which somebody else answers."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        raise DataError(f"{host}, port {port}: {why}; give another --port or --host.") from None


def _begin_in(study: Study, out: Path, database: str) -> None:
    url = url_of(database, study.id)
    home = out / study.id
    if not is_there(home / FILE):
        move_ledger(home, url)
    elif str(place_of(home / FILE)) != url:
        raise DataError(
            f"{study.id}: its ledger lies in {place_of(home / FILE)}; move it first with `hotspot move-ledger`."
        )
