"""The synthetic year of the loop in a study's ledger, so that every product has something real to show."""

from collections import Counter
from pathlib import Path

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.answers.feedback import record_feedback
from hotspot.ledger.answers.issues import record_issues, record_steps
from hotspot.ledger.answers.receipts import record_receipts
from hotspot.ledger.assessment.measures import record_measures
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger
from hotspot.ledger.network.registers import record_consultations, record_rewards, record_trainings
from hotspot.study import Study
from hotspot.synthetic.loop_year import LoopYear, loop_year


def fill_loop(study: Study, *, out: Path | str = "out") -> LoopYear:
    """
    Record a synthetic year of answers, problems, measures and trainings; a second time changes nothing.

    Parameters
    ----------
    study : Study
        Of invented places; of each county the cell with most registered sources takes part.

    Returns
    -------
    LoopYear, with the truth that every view must come to
    """
    made = loop_year(_places(study), 2025, clocks=study.criteria.clocks)
    home = Path(out) / study.id
    home.mkdir(parents=True, exist_ok=True)
    with open_ledger(home / FILE) as ledger:
        known = {entry.body["alarm"] for entry in ledger.entries("alarm")}
        for body in made.alarms:
            if body["alarm"] not in known:
                ledger.append("alarm", body["time"][:7], body)
        for record, rows in (
            (record_receipts, made.receipts), (record_feedback, made.answers), (record_issues, made.issues),
            (record_steps, made.steps), (record_measures, made.measures), (record_trainings, made.trainings),
            (record_rewards, made.rewards), (record_consultations, made.consultations),
        ):  # fmt: skip
            record(ledger, rows)
    return made


def _places(study: Study) -> list[tuple[str, str]]:
    """(cell, county) of up to four counties: the cell with most registered sources of each."""
    plants = Deliveries(study).facilities()
    col, row = study.grid.locate(plants["lon"].to_numpy(float), plants["lat"].to_numpy(float))
    held = Counter(str(code) for code in study.grid.code(col, row))
    best: dict[str, str] = {}
    cells = study.cells
    for cell, county in sorted(zip(map(str, cells["cell"].values), map(str, cells["county"].values), strict=True)):
        if county not in best or held[cell] > held[best[county]]:
            best[county] = cell
    return [(cell, county) for county, cell in sorted(best.items())][:4]
