"""
The desk under load: 50 people at work on a ledger that holds a year of the programme.

A year as the programme reports it: 5093 pushed alarms with receipts and answers, 3273 problems with their steps.
Everybody opens pages and sends answers with a pause between two clicks; what is timed is a request from its sending to
the whole answer, on loopback.

    python benchmarks/desk.py [--people 50] [--seconds 120] [--pause 3] [--database postgresql://USER@HOST/DB]

First what a page costs alone: CPU of the server's process, the second time it is asked for, and with an answer to
another alarm before it. Then everybody at once; CPU is counted once all are logged in. The people run on the same cores
as the desk, so their times hold the people's own work, too. With ``--database`` the same is done again with the ledger
and the accounts in that database, in a schema of this run, and both are printed.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import httpx
import numpy as np
import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))
from desk_case import NOW, PASSWORD, field, running
from loop_town import alarm, with_network

from hotspot.desk.app import desk_app
from hotspot.desk.desk import Desk
from hotspot.ledger.chain.moving import move_ledger
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.synthetic.study import write_study

ALARMS, PROBLEMS = 5093, 3273
BASE = "http://127.0.0.1:8127"
STEPS = ("assigned", "rectifying", "claimed", "accepted", "closed")
WEIGHTS = {
    "today": 28,
    "alarm": 24,
    "answer": 10,
    "alarms": 10,
    "issue": 10,
    "issues": 8,
    "cell": 5,
    "map": 3,
    "figures": 3,
    "ledger": 2,
}


def fill(study, folder):
    """The year's entries, in one piece: alarms over the year on every cell, the last weeks partly unanswered."""
    cells = study.cells["cell"].values.astype(str).tolist()
    (folder / study.id).mkdir(parents=True)
    first = np.datetime64("2025-01-01T00:00")
    with open_ledger(folder / study.id / "ledger.sqlite") as ledger, ledger.alone():
        ledger.append("month", "2025-11", {"warned": [[cell, "highest"] for cell in cells[:20]]})
        for n in range(ALARMS):
            body = alarm(cells[7 * n % len(cells)], f"{first + np.timedelta64(int(n * 523_000 / ALARMS), 'm')}")
            body["alarm"] += f"-{n}"
            month, pushed = body["time"][:7], np.datetime64(body["end"])
            ledger.append("alarm", month, body)
            if n % 80 and (n < ALARMS - 150 or n % 3):
                received = f"{pushed + np.timedelta64(30, 'm')}"
                ledger.append("receipt", month, {"alarm": body["alarm"], "received": received, "by": "值班"})
                found = {"alarm": body["alarm"], "cell": body["cell"], "month": month, "by": "张",
                         "text": "现场排查" * 12,
                         "time": f"{pushed + np.timedelta64(3, 'h')}", "problem": "none"}  # fmt: skip
                ledger.append("feedback", month, found)
        for n in range(PROBLEMS):
            when = first + np.timedelta64(int(n * 500_000 / PROBLEMS), "m")
            name = f"I{str(when)[:7].replace('-', '')}-{n:04d}"
            body = {"issue": name, "origin": "self", "found": f"{when}", "by": "张", "cell": cells[11 * n % len(cells)],
                    "problem": "bare_soil", "text": "裸土未苫盖" * 8}  # fmt: skip
            ledger.append("issue", str(when)[:7], body)
            for k, step in enumerate(STEPS if n < PROBLEMS - 200 else STEPS[: n % 4]):
                at = when + np.timedelta64(k + 1, "D")
                body = {"issue": name, "step": step, "time": f"{at}", "by": "李" if step == "accepted" else "王"}
                ledger.append("step", str(at)[:7], body)


class Person(threading.Thread):
    """One person: logs in, then opens and answers with pauses; keeps how long each request took."""

    def __init__(self, login, number, given):
        super().__init__(daemon=True)
        self.login, self.seconds, self.pause = login, given.seconds, given.pause
        self.random, self.times, self.faults = random.Random(number), [], 0
        self.ready = threading.Event()

    def run(self):
        try:
            self.work()
        except Exception as error:  # somebody who cannot work is told of, and nobody waits for him
            print(f"{self.login}: {error!r}", file=sys.stderr)
            self.faults += 1
        finally:
            self.ready.set()

    def work(self):
        """Log in, then click until the time is over."""
        with httpx.Client(base_url=BASE, timeout=60, follow_redirects=True) as client:
            token = field(client.get("/login").text, "token")
            client.post("/login", data={"login": self.login, "password": PASSWORD, "token": token})
            csrf = field(client.get("/account").text, "csrf")
            alarms = re.findall(r'href="(/alarms/[^"?]+)"', client.get("/alarms?days=92").text)
            issues = re.findall(r'href="(/issues/I[^"?]+)"', client.get("/issues").text)
            self.ready.set()
            end = time.monotonic() + self.seconds
            time.sleep(self.random.uniform(0, self.pause))
            while time.monotonic() < end:
                self.click(client, csrf, alarms, issues)
                time.sleep(self.random.expovariate(1 / self.pause))

    def click(self, client, csrf, alarms, issues):
        """One request of some kind, timed."""
        kind = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        name = self.random.choice(alarms)
        cell = name.split("-")[1]
        paths = {"today": "/", "alarm": name, "alarms": "/alarms", "issue": self.random.choice(issues),
                 "issues": "/issues", "cell": f"/cells/{cell}", "map": "/map.json", "figures": "/figures",
                 "ledger": "/ledger"}  # fmt: skip
        begun = time.perf_counter()
        if kind == "answer":
            told = {"csrf": csrf, "time": NOW, "problem": "none", "text": f"{begun}"}
            answer = client.post(f"{name}/answer", data=told, follow_redirects=False)
        else:
            answer = client.get(paths[kind])
        self.times.append((kind, time.perf_counter() - begun))
        self.faults += answer.status_code not in (200, 303)


def serve(home):
    """The desk of a folder that was filled."""
    study = load_study(home / "study" / "town.toml", data=home / "study")
    desk = Desk(study, home / "out", starts=NOW)
    desk.read()
    # A browser opens another connection where an idle one was closed; these people would be thrown out.
    uvicorn.run(desk_app(desk), port=8127, log_level="warning", access_log=False, timeout_keep_alive=90)


def main():
    """Fill, serve, click, tell."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--people", type=int, default=50)
    asked.add_argument("--seconds", type=float, default=120)
    asked.add_argument("--pause", type=float, default=3)
    asked.add_argument("--database", default="", help="PostgreSQL's URL: measured with it, too")
    asked.add_argument("--serve", default="", help=argparse.SUPPRESS)  # the other process: the desk of a folder
    given = asked.parse_args()
    if given.serve:
        serve(Path(given.serve))
        return
    home = Path(tempfile.mkdtemp())
    study = with_network(write_study(home / "study", size="small"))
    fill(study, home / "filled")
    for database in ("", given.database) if given.database else ("",):
        shutil.rmtree(home / "out", ignore_errors=True)
        shutil.copytree(home / "filled", home / "out")
        print(f"--- {'PostgreSQL' if database else 'SQLite'}; load of the machine before: {os.getloadavg()[0]:.1f}")
        measure(given, study, home, database)


def measure(given, study, home, database):
    """One desk with a year in its ledger, in a file or in a database."""
    if database:
        move_ledger(
            home / "out" / study.id, f"{database}{'&' if '?' in database else '?'}study=b{uuid.uuid4().hex[:20]}"
        )
    running(study, home / "out")
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(home)])
    try:
        for _ in range(1200):
            try:
                httpx.get(f"{BASE}/login")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        alone(server.pid)
        logins = ("ministry", "p-白鹿县县长", "p-河东区县长", "p-云岭市主任", "p-白鹿监0")
        people = [Person(logins[n % len(logins)], n, given) for n in range(given.people)]
        for person in people:
            person.start()
        for person in people:
            person.ready.wait(300)
        before = _cpu(server.pid)
        for person in people:
            person.join()
        cpu = _cpu(server.pid) - before
    finally:
        server.terminate()
        server.wait()
    told = [one for person in people for one in person.times]
    print(f"{len(told)} requests of {given.people} people, {sum(p.faults for p in people)} faults, "
          f"{1e3 * cpu / max(len(told), 1):.1f} ms CPU of the server a request")  # fmt: skip
    for kind in ("all", *WEIGHTS):
        times = 1e3 * np.array([seconds for name, seconds in told if kind in ("all", name)])
        if times.size:
            half, most, longest = np.percentile(times, [50, 95, 100])
            print(f"{kind:<8}{times.size:>6}  median {half:7.1f} ms  p95 {most:7.1f} ms  longest {longest:7.1f} ms")
    with open_ledger(home / "out" / study.id / "ledger.sqlite") as ledger:
        print(f"{ledger.verify()} entries, the chain is whole")


def alone(pid, times=20):
    """CPU of the server's process a page, nobody else on it: opened again, and opened after an answer to an alarm."""
    with httpx.Client(base_url=BASE, timeout=60, follow_redirects=True) as client:
        token = field(client.get("/login").text, "token")
        client.post("/login", data={"login": "ministry", "password": PASSWORD, "token": token})
        csrf = field(client.get("/account").text, "csrf")
        alarms = re.findall(r'href="(/alarms/[^"?]+)"', client.get("/alarms?days=92").text)
        problem = re.search(r'href="(/issues/I[^"?]+)"', client.get("/issues").text)[1]
        told = {"csrf": csrf, "time": NOW, "problem": "none"}
        pages = ("/", alarms[0], "/alarms", problem, "/issues", f"/cells/{alarms[0].split('-')[1]}", "/map.json",
                 "/figures", "/ledger", "/months")  # fmt: skip

        def answer(n):
            client.post(f"{alarms[1 + n]}/answer", data=told | {"text": f"{n} {time.time()}"}, follow_redirects=False)

        def cost(page, each):
            client.get(page)
            before = _cpu(pid)
            for n in range(times):
                each(n)
                client.get(page)
            return 1e3 * (_cpu(pid) - before) / times

        cost("/static/desk.css", answer)  # whatever is made once is made
        print(f"CPU ms of the server, alone: an answer and a file {cost('/static/desk.css', answer):.1f}")
        for page in pages:
            again, after = cost(page, lambda n: None), cost(page, answer)
            print(
                f"{page.split('-')[0]:<18} again {again:6.1f}  with an answer to another alarm before it {after:6.1f}"
            )


def _cpu(pid):
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
