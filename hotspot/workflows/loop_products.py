"""Every product of the loop, one after the other: what the demo ends with, and what somebody new should look at."""

from collections.abc import Iterator
from pathlib import Path

from hotspot.study import Study
from hotspot.workflows.monthly.other_pollutants import only_pm25

# product of the calendar -> the period that the demo shows
LETTERS = (
    ("prompt", "2025-12-12"), ("reminder", "2025-12-12"), ("dispatch", "2025-12-12"), ("consultation", "2025-12-12"),
    ("summary", "2025-W50"), ("special", "2025-W50"), ("column", "2025-W40"), ("situation", "2025-12-H1"),
    ("bulletin", "2025-12"), ("patrol", "2025-12"), ("plan", "2026"), ("responsibility", "2026"),
)  # fmt: skip


def write_loop(study: Study, month: str, *, out: Path | str = "out") -> list[Path]:
    """
    Write what follows a warning for a published month: network, letters, figures, points, ranks, registers, pages.

    Parameters
    ----------
    study : Study
        With the tables of ``synthetic.office``; the ledger filled by ``fill_loop``.
    month : str, "YYYY-MM", published

    Returns
    -------
    list of Path, in order of making

    Raises
    ------
    DataError
        Nothing was published.
    """
    only_pm25(study, "the loop's papers")
    return [Path(path) for path in _products(study, month, out)]


def _products(study: Study, month: str, out: Path | str) -> Iterator[str]:
    from hotspot.workflows.closing.cases import publish_case
    from hotspot.workflows.closing.events import import_events
    from hotspot.workflows.closing.network import show_network
    from hotspot.workflows.closing.problems import open_problems
    from hotspot.workflows.handbook import write_handbook
    from hotspot.workflows.hourly.evidence import evidence_of_period
    from hotspot.workflows.monthly.public import write_public
    from hotspot.workflows.periods.assessment import assess_month
    from hotspot.workflows.periods.calendar import write_letter
    from hotspot.workflows.periods.city_ranking import rank_month
    from hotspot.workflows.periods.kpi import write_kpi
    from hotspot.workflows.yearly.never_warned import list_never_warned

    home, office = Path(out) / study.id, study.root / "office"
    asof = f"{month}-31T23:59" if month.endswith("-12") else f"{month}-28T23:59"
    yield from show_network(study, out=out)["files"]
    yield publish_case(study, office / "case.md", asof="2025-10-02", out=out)["file"]
    for product, period in LETTERS:
        yield from write_letter(study, product, period, out=out)["files"]
    yield open_problems(study, asof, out=out, to=home / "loop" / "ledger.xlsx")["file"]
    yield evidence_of_period(study, month, out=out)["file"]
    yield from import_events(study, out=out)["files"]
    yield rank_month(study, month, office / "index.csv", days=office / "days.csv", out=out)["file"]
    yield assess_month(study, month, out=out)["file"]
    yield from write_kpi(study, month, out=out)["files"]
    yield list_never_warned(study, month, out=out)["file"]
    yield from map(str, write_public(study, month, out=out))
    yield from map(str, write_handbook(study, out=out))
