"""
One month end to end: the only place that knows the order of the rooms.

Each step can be called alone (see the README); here they stand in a row.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from hotspot import contracts
from hotspot.contracts.fields import Field
from hotspot.contracts.records import Derived
from hotspot.deliveries.opening import around
from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.storage import FILE, is_there
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.release import publish
from hotspot.publish.staging import reserved
from hotspot.publish.why_words import data_sources, in_chinese
from hotspot.rules.calendar import parse_month, year_months
from hotspot.rules.criteria import Clusters
from hotspot.rules.reasons import months_back
from hotspot.sources.intake import Intake
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.monthly.cluster import cluster
from hotspot.workflows.monthly.evidence_beside import evidence_beside
from hotspot.workflows.monthly.explained import explained, key_of
from hotspot.workflows.monthly.history import history_months, with_history
from hotspot.workflows.monthly.other_pollutants import refused_in
from hotspot.workflows.monthly.unchanged import is_unchanged, made_from, remember
from hotspot.workflows.yearly.level import learned_from, with_weather
from hotspot.workflows.yearly.year import basis_year, open_hotspots

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_LOG = logging.getLogger(__name__)

STEPS = ("delivered files", "field", "weather", "ranking", "sources", "publishing")


def run_month(
    study: Study,
    month: str,
    *,
    out: Path | str = "out",
    draft: bool = False,
    confirm: bool = False,
    by: str = "",
    reason: str = "",
    scheduler: str | None = None,
) -> Path:
    """
    Everything for one month: read, estimate, rank, trace, publish.

    Running it twice gives the same bytes and no new revision; after late data the month is
    published as its next revision and the one before is kept. If no hotspot list of the
    year exists below ``out``, the list is selected first, as ``select_year`` does.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    out : str or Path
        The month appears as ``OUT/<study id>/<month>``.
    draft : bool
        Only to look at: into ``OUT/<study id>/drafts/<month>``, outside the chain.
    confirm : bool
        See ``releases.confirm_month``, which asks for a name first.
    by, reason : str
        Who publishes and why, for the ledger.
    scheduler : str, optional
        Address of a running dask cluster, ``tcp://HOST:PORT``.

    Returns
    -------
    Path of the published folder

    Raises
    ------
    DataError
        Data are lacking or refused; nothing was published.

    Examples
    --------
    Without weather, which takes the longest: no level, no sources upwind.

    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> study = small.study.model_copy(update={"weather": ()})
    >>> run_month(study, small.month, out=tempfile.mkdtemp()).name == small.month
    True
    """
    parse_month(month)
    start = study.criteria.holds.start_month
    if month < start and not draft:
        raise DataError(
            f"{month}: the lists of {study.criteria.profile} begin with {start} (D21); run it as --draft, or let the "
            "study say otherwise: [criteria.holds] start_month."
        )
    place = Path(out) / study.id / ("drafts" if draft else "") / month
    home = Path(out) / study.id
    with (
        reserved(place),  # a place that cannot be written, or another publisher, is told before the work begins
        steps(STEPS) as step,
        cluster(scheduler),
    ):
        inputs = "" if draft else made_from(study)
        if not confirm and is_unchanged(month, home, inputs):
            _LOG.info("%s %s: stands published in %s; nothing it was made from has changed", study.id, month, place)
            return place
        deliveries = Deliveries(study, home)
        deliveries.expect(months_read(study, month))
        hot = open_hotspots(study, int(month[:4]), out=out, deliveries=deliveries)
        derived = derive(study, month, hot=hot, folder=home, step=step, deliveries=deliveries)
        step("publishing")
        folder = publish(study, month, derived, out=out, draft=draft, confirm=confirm, by=by, reason=reason)
        _LOG.info("%s %s: published in %s", study.id, month, folder)
        deliveries.tidy()
        if inputs:
            store = deliveries.once.store
            store.put(key_of(store, month, inputs, home), explained(study, month, derived))
            remember(month, home, inputs)
        return folder


def derive(
    study: Study,
    month: str,
    *,
    hot: "pd.DataFrame",
    folder: Path | None = None,
    step: Callable[[str], None] = lambda name: None,
    deliveries: Deliveries | None = None,
) -> Derived:
    """
    All tables and fields of one month, in memory; nothing is written.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    hot : DataFrame
        The hotspot list to apply, from ``open_hotspots``.
    folder : Path, optional
        ``OUT/<study id>``: where the level and the months without weather are kept between runs.
    step : callable
        Told the name of each step as it begins.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Derived

    Raises
    ------
    DataError
        A delivery is implausible (``quality.plausible.gate``), or no cell has a valid mean in this month (every
        reason is counted in the message).
    """
    from hotspot.estimate.field.monthly import monthly_field
    from hotspot.estimate.field.skill import only_what_is_told
    from hotspot.estimate.fine.fine_month import fine_month
    from hotspot.quality.plausible.gate import admit
    from hotspot.rank.alarm.abnormal import with_periods
    from hotspot.rank.select.imported import origin
    from hotspot.rank.warn.classes import other_choices
    from hotspot.rank.warn.clusters import gi_star
    from hotspot.rank.warn.leaders import rank_leaders
    from hotspot.rank.warn.warnings import beside, months_of, not_ranked, rank_standing, rank_warnings
    from hotspot.sources.places.backdrop import read_backdrop
    from hotspot.sources.places.emission_raster import read_inventory
    from hotspot.trace.visits.attribution import trace_sources
    from hotspot.trace.visits.checklist import checklist
    from hotspot.trace.visits.inventory import inventory
    from hotspot.trace.visits.route import routes
    from hotspot.workflows.closing.network import people_of_month

    step("delivered files")
    deliveries = deliveries or Deliveries(study, folder)
    delivered = admit(deliveries.month(month))
    cells, criteria = study.cells, study.criteria
    counts = delivered.intake.counts
    _LOG.info(
        "%s %s: %d files, %d rows read, %d used", study.id, month, counts["files"], counts["read"], counts["used"]
    )
    step("field")
    field, daily = monthly_field(delivered, cells)
    now = contracts.of_month(field, month)
    if not bool(now["valid"].any()):
        why = now["why"].to_series().value_counts()
        reasons = "; ".join(f"{text} ({n} cells)" for text, n in why.items())
        raise DataError(
            f"{month}: no cell of {study.id} has a valid monthly mean: {reasons}. "
            f"There is no monthly product; `hotspot check {month}` shows the values to date."
        )
    # Only now: where nothing was measured, stations cannot be ranked instead of cells either.
    intake = cast(Intake, delivered.intake)
    field = only_what_is_told(field, month, intake)
    history = with_history(field, study, intake, folder, deliveries)
    valid, whole = int(now["valid"].sum()), cells.sizes["cell"]
    _LOG.info("%s %s: field by %s, %d of %d cells valid", study.id, month, field.attrs["method"], valid, whole)
    step("weather")
    if study.pollutant.usual:
        field = with_weather(field, study, month, intake, folder, deliveries)
    else:
        field = field.assign_attrs(refused_in(study.pollutant, intake, month))
    field = with_periods(field, delivered.stations, cells=cells, criteria=criteria)
    _LOG.info("%s %s: weather: %s", study.id, month, field.attrs["weather"])
    field = _named_in_chinese(field, study, intake)
    came = origin(hot)
    if came:
        field = field.assign_attrs(list_zh=came["zh"], list_en=came["en"])
        intake.note(came["en"])
    step("ranking")
    known = months_of(field, criteria, daily=daily)
    standing = rank_standing(field, hot, criteria, known=known)
    warned = beside(rank_warnings(field, hot, criteria, standing=standing), standing)
    warned.attrs["other"] = other_choices(field, hot, criteria)
    for text in warned.attrs["notes"]:
        intake.note(text)
    leaders, days = rank_leaders(field, hot, criteria, known=known), _days(daily, hot, month)
    del known, daily  # the days of three months: what follows asks for none of them
    gi = _clusters(gi_star, now, cells, criteria.clusters.alpha, intake)
    _LOG.info("%s %s: %d of %d ranked rows are listed", study.id, month, len(warned), len(standing))
    step("sources")
    usual = study.pollutant.usual
    traced = trace_sources(
        warned if usual else warned.iloc[:0], delivered.weather, delivered.facilities,
        cells=cells, stations=delivered.reference if usual else None, micro=delivered.stations, criteria=criteria,
        inventory=read_inventory(study.inventory, study.root, intake, bounds=around(study)),
        store=deliveries.once.store,
    )  # fmt: skip
    census = inventory(
        delivered.facilities, cells, study.grid, boundaries=study.boundaries, hot=hot, warned=warned
    )  # fmt: skip
    _LOG.info("%s %s: %d possible sources of %d cells", study.id, month, len(traced), warned["cell"].nunique())
    _with_boundaries(intake, study)
    backdrop = read_backdrop(study.backdrop, study.root, intake, bounds=study.boundaries.total_bounds)
    layers, seen = evidence_beside(study, month, warned["cell"], intake)
    fine = fine_month(delivered, field, warned["cell"], cells=cells, criteria=criteria)
    return Derived(
        delivered=delivered,
        field=cast(Field, field),
        history=cast(Field, history),
        hot=hot,
        warned=warned,
        not_ranked=not_ranked(field, hot, criteria),
        standing=standing,
        leaders=leaders,
        gi=gi,
        emerging=_emerging(history, cells, criteria.clusters, intake),
        traced=traced,
        checklist=checklist(
            warned if usual else warned.iloc[:0],
            traced,
            delivered.facilities,
            cells,
            criteria,
            inventory=census,
            seen=seen,
        ),
        inventory=census,
        routes=routes(warned, traced, criteria, inventory=census),
        fine=fine,
        backdrop=backdrop,
        people=people_of_month(study, month, intake),
        past=_past(study, month, folder, {*warned["cell"], *hot["cell"]}),
        layers=layers,
        seen=seen,
        days=days,
    )


def months_read(study: Study, month: str) -> list[str]:
    """Every month that a run for one may ask for: compared, in its history, learned from."""
    year = basis_year(study, int(month[:4]))
    learned = [*year_months(year)]
    if study.pollutant.usual:
        learned += [*learned_from(study, month), *learned_from(study, f"{year}-12")]
    compared = contracts.compared_months(month, months_back(study.criteria.warning.k))
    return sorted({*compared, *history_months(month), *learned})


def _clusters(
    gi_star: "Callable[..., xr.Dataset]", now: "xr.Dataset", cells: "xr.Dataset", alpha: float, intake: Intake
) -> "xr.Dataset":
    """Gi* of the month, or empty classes where the field is too poor to have any."""
    try:
        return gi_star(now["pm25"].where(now["valid"]), cells, alpha=alpha)
    except DataError as error:
        intake.note(f"no Gi* classes: {error}")
        empty = np.full(cells.sizes["cell"], np.nan)
        return cells.coords.to_dataset().assign(
            gi_z=("cell", empty), gi_p=("cell", empty), gi_class=("cell", np.full(empty.size, "", dtype=object))
        )


def _days(daily: "xr.Dataset | None", hot: "pd.DataFrame", month: str) -> "xr.Dataset | None":
    """The month's days of the hotspot cells: what a reader may ask of one cell; the rest is let go."""
    if daily is None:
        return None
    own = np.isin(daily["cell"].values.astype(str), hot["cell"].to_numpy().astype(str))
    within = daily["day"].values.astype("datetime64[M]") == np.datetime64(month, "M")
    return daily[["pm25"]].isel(cell=np.flatnonzero(own), day=np.flatnonzero(within)).load()


def _past(study: Study, month: str, folder: Path | str | None, cells: Iterable[str]) -> dict[str, list[list[str]]]:
    """What lies behind the cells, where there is a ledger already; {} where there is none."""
    from hotspot.ledger.answers.past import known_past

    path = None if folder is None else Path(folder) / FILE
    if path is None or not is_there(path):
        return {}
    with open_ledger(path) as ledger:
        return known_past(ledger, month, sorted(map(str, cells)), study.criteria.clocks)


def _emerging(history: "xr.Dataset", cells: "xr.Dataset", rule: Clusters, intake: Intake) -> "xr.Dataset | None":
    """Classes over the thirteen months, or None with a note where the months are too poor."""
    from hotspot.rank.warn.emerging import emerging

    try:
        return emerging(history["pm25"].where(history["valid"]).sel(cell=cells["cell"].values), cells, rule=rule)
    except DataError as error:
        intake.note(str(error))
        return None


def _named_in_chinese(field: "xr.Dataset", study: Study, intake: Intake) -> "xr.Dataset":
    """The field with the Chinese names of its sources; who has none is asked for one."""
    said, without = in_chinese(data_sources(field.attrs), study.sources_zh)
    for text in without:
        intake.note(f"source {text!r} has no Chinese name and stands in Chinese products as it is; give its source_zh.")
    return field.assign_attrs(sources_zh="；".join(said)) if said else field


def _with_boundaries(intake: Intake, study: Study) -> Intake:
    """Boundaries, labels, the office's template and fonts are inputs too: register them, and say what was mended."""
    for path in study.boundaries.attrs["files"]:
        intake.register(path)
    for own in (study.labels, study.office.template, study.office.body_font, study.office.title_font):
        if own:
            intake.register(study.root / own)
    for text in study.boundaries.attrs["notes"]:
        intake.note(text)
    for name in study.boundaries.attrs["mended"]:
        intake.note(f"invalid polygon mended: {name}")
    return intake


@contextmanager
def steps(names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A progress bar over named steps on stderr; silent in logs and pipes."""
    from tqdm import tqdm

    with tqdm(total=len(names), disable=None, bar_format="{desc:<18}|{bar:24}| {n_fmt}/{total_fmt} [{elapsed}]") as bar:
        done = -1

        def step(name: str) -> None:
            nonlocal done
            done += 1
            bar.n = done
            bar.set_description_str(name)
            _LOG.info("step %d of %d: %s", done + 1, len(names), name)

        yield step
        bar.n = len(names)
        bar.set_description_str("done")
