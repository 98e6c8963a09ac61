"""The calendar of products: what is due, made on demand, recorded as sent (C4, B7, B9, E4, E6; LOOP 5)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.grid.city_files import city_files
from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.assessment.figures import patrol_coverage
from hotspot.ledger.chain.sent import record_sent, sent_periods
from hotspot.patterns import below, digest_of
from hotspot.publish.office.document import Document
from hotspot.publish.office.paper import write_paper
from hotspot.rules.cadence import LEVELS, PRODUCTS, Due
from hotspot.rules.periods import Period, ended, period
from hotspot.sources.calendar_tables import alert_on, read_alerts
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.monthly.other_pollutants import only_pm25
from hotspot.workflows.periods.desk import Desk

YEARLY = ("plan", "responsibility")
OF_ANY_POLLUTANT = ("bulletin", "patrol")  # the others tell of alarms and of days of PM2.5


def due_products(study: Study, asof: str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Which products of the study's calendar are due at an instant.

    A product is due from the day its period is over until it was sent; one whose period ended more than a day
    before is late. While a heavy-pollution response is in force, a product has its rhythm of the response (E6).

    Parameters
    ----------
    study : Study
        Its criteria hold ``[cadence]``; ``[loop] alerts`` names the responses.
    asof : str, local ISO time

    Returns
    -------
    dict: ``rows`` (records ``product, zh, period, when, tier, audience, state`` due | late | sent, ``sent``), ``alert``
    (the response in force, or None), ``sentences``

    Raises
    ------
    ValueError
        ``asof`` is no time.
    """
    now = local_minute(asof)
    alerts = read_alerts(study.root, study.loop.alerts, Deliveries(study).intake()) if study.loop.alerts else None
    held = None if alerts is None else alert_on(alerts, f"{now:%Y-%m-%d}")
    rule, sent = study.criteria.cadence, _sent(study, out, asof)
    since = now - pd.Timedelta(days=rule.look_back_days)
    rows: list[dict[str, Any]] = []
    for one in rule.products:
        names = _due_periods(one, since, now, alerts)
        if one.product == "reminder":  # on a trigger only, and of the last period only
            names = [name for name in names[-1:] if _triggered(study, name.name, out)]
        for name in names:
            told = sent.get((one.product, name.name), [])
            late = now - name.end >= pd.Timedelta(days=1)
            state = "sent" if told else "late" if late else "due"
            rows.append(
                {"product": one.product, "zh": PRODUCTS[one.product][0], "period": name.name, "when": name.zh,
                 "tier": one.tier, "audience": one.audience, "state": state, "sent": [body["time"] for body in told]}
            )  # fmt: skip
    order = {"late": 0, "due": 1, "sent": 2}
    rows.sort(key=lambda row: (order[row["state"]], row["product"], row["period"]))
    lines = [
        f"{study.id} at {asof}: {_count(rows, 'late')} late, {_count(rows, 'due')} due, {_count(rows, 'sent')} sent"
    ]
    if held is not None:
        lines.append(f"heavy-pollution response {held['level']} since {held['from']}: products keep its rhythm")
    lines += [
        f"{row['state']}  {row['product']} {row['period']}  {row['zh']}（{row['when']}）→ {row['audience']}"
        for row in rows
        if row["state"] != "sent"
    ]
    if not rule.products:
        lines.append(f"profile {study.criteria.profile} has no calendar; add [criteria.cadence] products to the study")
    return {"rows": rows, "alert": held, "sentences": lines}


def write_letter(
    study: Study,
    product: str,
    name: str,
    *,
    out: Path | str = "out",
    to: str = "",
    channel: str = "",
    sent: str = "",
    by: str = "",
) -> dict[str, Any]:
    """
    Make a product of a period; with ``sent`` also record that it was sent.

    Parameters
    ----------
    product : str, a key of ``rules.cadence.PRODUCTS``
    name : str, the period, as ``rules.periods.period`` takes it
    out : str or Path
        ``OUT/<study id>/loop/PERIOD/PRODUCT[-CITY].docx``, ``.pdf`` and, of a table, ``.xlsx``.
    to, channel, by : str, whom it was sent to, how, by whom
    sent : str, local ISO time; "" does not record

    Returns
    -------
    dict: ``files``, ``notes``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published, a table the study names cannot be read, or the product is not made of the study's
        pollutant.
    ValueError
        The product or the period is none.
    """
    if product not in PRODUCTS:
        raise ValueError(f"{product!r} is no product; there are: {', '.join(PRODUCTS)}.")
    if product not in OF_ANY_POLLUTANT:
        only_pm25(study, "a letter of alarms or days")
    when = period(name)
    home = Path(out) / study.id
    folder = home / "loop" / when.name
    if product == "prompt":  # the desk's own letter, with its form and chat texts
        from hotspot.workflows.hourly.alarms import run_alarms

        if when.kind not in ("day", "month"):
            raise ValueError(f"a prompt letter is of a day or a month; {name} is a {when.kind}.")
        files, notes = [Path(path) for path in run_alarms(study, name, out=out, letter=True)["files"]], []
    else:
        with desk_of(study, name, out=out) as desk:
            papers = list(_papers(desk, product, out))
            told = [(stem, paper.paper().told(study.pollutant)) for stem, paper in papers]
            files = [one for stem, paper in told for one in write_paper(folder / stem, paper)]
            notes = [f"{q.path}, row {q.row}: {q.rule}; set aside" for q in desk.intake.quarantine]
            notes += desk.intake.notes
    lines = [f"written: {path}" for path in files]
    if not files:
        lines = [f"{PRODUCTS[product][0]} {when.zh}: no trigger holds, nothing is to be sent"]
    if sent and files:
        with published_ledger(study, out) as ledger:
            for path in files:
                if path.suffix == ".docx":
                    entry, new = record_sent(
                        ledger, product=product, name=name, to=to or path.stem, channel=channel, time=sent,
                        sha256=digest_of(path), by=by,
                    )  # fmt: skip
                    lines.append(f"{'recorded' if new else 'known'}: entry {entry.seq}, {path.name} sent {sent}")
    return {"files": [str(path) for path in files], "notes": notes, "sentences": [*lines, *notes]}


@contextmanager
def desk_of(study: Study, name: str, *, out: Path | str = "out") -> Iterator[Desk]:
    """The desk of a period of a study that has published something; closes its ledger when the block ends."""
    with published_ledger(study, out) as ledger:
        yield Desk(study, period(name), ledger, Path(out) / study.id, Deliveries(study).intake())


def _papers(desk: Desk, product: str, out: Path | str) -> Iterator[tuple[str, Document]]:
    """The papers of a product: (stem of the file, paper)."""
    from hotspot.publish.office.periods import day_papers, period_papers
    from hotspot.workflows.periods.targets import targets_left

    if product in ("dispatch", "summary", "situation"):
        yield product, {"dispatch": period_papers.dispatch, "summary": period_papers.summary,
                        "situation": period_papers.situation}[product](desk)  # fmt: skip
    elif product == "reminder":
        for city, name in city_files(desk.study.cells).items():
            paper = period_papers.reminder(desk, city)
            if paper is not None:
                yield f"reminder-{name}", paper
    elif product in YEARLY:
        from hotspot.workflows.periods.people_papers import papers_of_year

        yield from papers_of_year(desk, product)
    elif product == "column":
        from hotspot.workflows.periods.people_papers import column_of_week

        yield product, column_of_week(desk)
    elif product == "patrol":
        from hotspot.workflows.periods.day_winds import patrolled_sources

        bounds, n = (desk.period.first, desk.period.end), desk.study.criteria.cadence.visits_a_day
        yield (
            product,
            day_papers.patrol(desk, patrol_coverage(desk.now.visits, patrolled_sources(desk), *bounds, visits_a_day=n)),
        )
    else:
        targets = [(row["unit"], row["zh"]) for row in targets_left(desk)]
        if product == "consultation":
            from hotspot.workflows.periods.day_winds import day_winds
            from hotspot.workflows.periods.people_papers import consulted

            if desk.period.kind != "day":
                raise ValueError(f"a consultation sheet is of a day; {desk.period.name} is a {desk.period.kind}.")
            yield product, day_papers.consultation(desk, day_winds(desk), targets, _emergency(desk), *consulted(desk))
        elif product == "special":
            from hotspot.ledger.assessment.measures import measure_table

            last = f"{desk.period.end - pd.Timedelta(days=1):%Y-%m-%d}"
            yield product, day_papers.special(desk, measure_table(desk.ledger, last), desk.table("forecast"), targets)
        else:
            yield product, _bulletin(desk, targets, out)


def _bulletin(desk: Desk, targets: Sequence[tuple[str, str]], out: Path | str) -> Document:
    from hotspot.ledger.assessment.consequences import consequences
    from hotspot.ledger.assessment.escalation import escalation, warned_history
    from hotspot.publish.office.periods.bulletin import bulletin
    from hotspot.workflows.periods.city_ranking import rank_month
    from hotspot.workflows.periods.interventions import effect_sentences

    if desk.period.kind not in ("month", "quarter", "year"):
        raise ValueError(f"a bulletin is of a month or a quarter; {desk.period.name} is a {desk.period.kind}.")
    months = [f"{day:%Y-%m}" for day in pd.date_range(desk.period.first, desk.period.end, freq="MS", inclusive="left")]
    lists: dict[str, dict[str, set[str]]] = {}
    for (kind, month), entry in desk.ledger.heads().items():
        if kind == "month" and month in months:
            own = lists.setdefault(month, {})
            for cell in {name for name, *_ in entry.body["warned"]}:
                own.setdefault(desk.places.get(cell, ("", ""))[0], set()).add(cell)
    told = []
    if lists:
        table = escalation(warned_history(desk.ledger), desk.study.criteria, max(lists))
        told = [
            f"{r.cell}网格：{r.next_zh}（预警月份{r.history}）。"
            for r in table[table["d11"] | table["d12"]].itertuples()
        ]
        told = told or ["没有网格达到公开通报、约谈的次数。"]
    ranking = None
    if desk.study.loop.index and desk.period.kind == "month":
        path = below(desk.study.root, desk.study.loop.index, "loop.index")
        try:
            ranking = rank_month(desk.study, months[0], path, out=out)["units"]
        except DataError as error:  # that month was not published: the section says so, the rest stands
            desk.intake.note(str(error))
    stood = consequences(desk.ledger)
    if not desk.study.pollutant.usual:  # effects and targets are of PM2.5
        return bulletin(desk, lists, told, ranking, stood[stood["month"].isin(months)], [], [])
    effects = effect_sentences(desk.study, f"{desk.period.end - pd.Timedelta(days=1):%Y-%m-%d}", out=out)
    return bulletin(desk, lists, told, ranking, stood[stood["month"].isin(months)], effects, targets)


def _emergency(desk: Desk) -> list[list[str]]:
    """Rows of the emergency-reduction list that hold under the response in force: name, cell, county, measure."""
    from hotspot.sources.places.facilities import load_facilities

    alert: Any = desk.alert
    table = desk.table("emergency") if alert else None
    if table is None:
        return []
    study = desk.study
    held = table[[LEVELS[level][1] <= LEVELS[alert["level"]][1] for level in table["level"]]]
    facilities = load_facilities(study.facilities, study.root, desk.intake, bounds=study.boundaries.total_bounds)
    known = facilities.drop(columns="geometry").set_index("facility")
    rows = []
    for row in held.itertuples():
        if row.facility not in known.index:
            rows.append([row.facility, "清单中没有", "—", row.measure])
            continue
        at = known.loc[row.facility]
        cell = str(study.grid.code(*study.grid.locate(float(at["lon"]), float(at["lat"]))))
        rows.append([str(at["name"]), cell, desk.places.get(cell, ("", "区外"))[1] or "区外", row.measure])
    return rows


def _due_periods(one: Due, since: pd.Timestamp, now: pd.Timestamp, alerts: pd.DataFrame | None) -> list[Period]:
    """The periods of a product that ended in the window; those under a response by its rhythm."""
    found = []
    for kind in dict.fromkeys(filter(None, (one.rhythm, one.alert))):
        for name in ended(kind, f"{since:%Y-%m-%d}", f"{now:%Y-%m-%d}"):
            under = alerts is not None and alert_on(alerts, f"{name.end - pd.Timedelta(days=1):%Y-%m-%d}") is not None
            wanted = one.alert if under and one.alert else one.rhythm
            if kind == wanted and name.end <= now:
                found.append(name)
    return found


def _triggered(study: Study, name: str, out: Path | str) -> bool:
    from hotspot.publish.office.periods.period_papers import triggers

    try:
        with desk_of(study, name, out=out) as desk:
            return any(triggers(desk, city) for city in desk.cities)
    except DataError:  # nothing was published
        return False


def _sent(study: Study, out: Path | str, asof: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    try:
        with published_ledger(study, out) as ledger:
            return sent_periods(ledger, asof)
    except DataError:  # nothing was published, so nothing was sent
        return {}


def _count(rows: list[dict[str, Any]], state: str) -> int:
    return sum(row["state"] == state for row in rows)
