"""A running desk over the small town: its accounts by tier, a visitor who logs in, reads forms and sends them."""

import html
import re
import shutil
import warnings
from contextlib import contextmanager

from loop_town import fill_ledger, with_network

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own library announces its successor
    from starlette.testclient import TestClient

from hotspot.desk.accounts import Account, hashed, make_account
from hotspot.desk.app import desk_app
from hotspot.desk.desk import Desk
from hotspot.ledger.chain.moving import move_ledger

NOW = "2025-12-30T09:00"
PASSWORD = "long enough 7"
# login -> (person of the register or "", name, place, role)
PEOPLE = {
    "admin": ("", "管理员", "", "admin"),
    "ministry": ("", "部调度室", "", "write"),
    "reader": ("", "查看员", "", "read"),
    "p-白鹿县县长": ("p-白鹿县县长", "白鹿县县长", "", "write"),
    "p-河东区县长": ("p-河东区县长", "河东区县长", "", "write"),
    "p-云岭市主任": ("p-云岭市主任", "云岭市主任", "", "write"),
    "p-白鹿村监0": ("p-白鹿村监0", "白鹿村监0", "", "write"),
    "p-白鹿监0": ("p-白鹿监0", "白鹿监0", "", "write"),
}
COUNTY, OTHER, VILLAGE, TOWN = "p-白鹿县县长", "p-河东区县长", "p-白鹿村监0", "p-白鹿监0"


def town_home(small_study, folder, url=""):
    """The town's study and a folder with its ledger, in a file or in the database of a URL."""
    study = with_network(small_study, name="desk-town.toml")
    if not (folder / study.id).exists():
        fill_ledger(study, folder)
    if url:
        move_ledger(folder / study.id, url)
    return study


def running(study, folder, *, starts=NOW):
    """A desk with an account for each of ``PEOPLE``; one hash serves all."""
    desk, known = Desk(study, folder, starts=starts), hashed(PASSWORD)
    now = desk.seconds()
    with desk.store() as store:
        for login, (person, name, place, role) in PEOPLE.items():
            make_account(store, Account(login, person, name, place, role, "", now, 0), by="test")
            store.run("update account set password = ? where login = ?", known, login)
    return desk


@contextmanager
def copy_of(desk, folder):
    """The same desk on a copy of its files, to be broken."""
    shutil.copytree(desk.out, folder / "out")
    yield Desk(desk.study, folder / "out", starts=NOW)


class Visitor:
    """Somebody with a browser."""

    portal = None  # of the event loop that all ask in; without one every page begins a loop and a thread

    def __init__(self, desk, login="", address="10.0.0.1"):
        self.desk = desk
        self.client = TestClient(desk_app(desk), client=(address, 50000), raise_server_exceptions=False)
        self.client.portal = self.portal
        if login:
            answer = self.log_in(login)
            assert answer.status_code == 200 and answer.url.path == "/", answer.text

    def log_in(self, login, password=PASSWORD, **more):
        """Fill the login page and send it."""
        token = field(self.get("/login").text, "token")
        return self.client.post("/login", data={"login": login, "password": password, "token": token, **more})

    def get(self, path):
        """Open a page."""
        return self.client.get(path)

    def csrf(self):
        """The token of this visitor's forms."""
        return field(self.get("/account").text, "csrf")

    def post(self, path, **data):
        """Send a form as the page would, with its token; where it leads is followed."""
        return self.client.post(path, data={"csrf": self.csrf(), **data})


def field(text, name):
    """The value of a hidden field."""
    found = re.search(f'name="{name}" value="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""


def alarms_of(desk, county):
    """Numbers of pushed alarms in a county, the oldest first."""
    book = desk.read()
    return sorted(name for name in book.alarms if desk.places[book.alarm(name)["cell"]][1].startswith(county))


def waiting_of(desk, county):
    """Of them those that nobody has answered yet."""
    return [name for name in alarms_of(desk, county) if not any(e.kind == "feedback" for e in desk.book.alarms[name])]
