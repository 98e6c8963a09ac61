"""Typical cases for the paper (B20), rewards and trainings (B25, B26): checked, entered, listed."""

import hashlib
from pathlib import Path
from typing import Any

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.sent import sent_periods
from hotspot.ledger.network.registers import quarters_without_case, untrained
from hotspot.publish.office.paper import paper_docx
from hotspot.publish.office.periods.case import case_faults, case_paper, names_of, read_case, redact
from hotspot.rules.calendar import parse_day
from hotspot.study import Study
from hotspot.text.encodings import decode
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.closing.network import register_of


def publish_case(study: Study, file: Path, *, asof: str, out: Path | str = "out") -> dict[str, Any]:
    """
    Make a typical case ready for the paper: gate, redaction, count, DOCX, entry.

    Parameters
    ----------
    study : Study
        Its registers (facilities, cells, labels, people) are what the text may not name.
    file : Path
        ``CASE.md``; see ``publish.office.periods.case``.
    asof : str, "YYYY-MM-DD"
        The day it is made ready; a review must have ended by then.
    out : str or Path
        ``OUT/<study id>/loop/cases/CASE.docx`` is written.

    Returns
    -------
    dict: ``file, count, replaced, entry`` (its number in the ledger), ``sentences``

    Raises
    ------
    DataError
        The case may not be printed (yet), a name remains, or its length is wrong; nothing is written then.
    """
    file = Path(file)
    parse_day(asof)
    case = read_case(decode(file.read_bytes(), file.name)[0].decode("utf-8"), file.name)
    rule = study.criteria.cases
    faults = case_faults(case, asof, rule)
    if faults:
        raise DataError(f"{file.name}: {'；'.join(faults)}.")
    found = redact(case, known_names(study), name=file.name, rule=rule)
    paper = case_paper(case, found, office=study.office.name)
    content = paper_docx(paper.told(study.pollutant))
    about = case.about
    body = {
        "case": file.stem, "facility": about["facility"], "decision_no": about["decision_no"], "kind": about["kind"],
        "decided": about["decided"], "review_ended": about["review_ended"], "count": found.count, "ready": asof[:10],
        "reviews": names_of(about["reviews"]), "proofs": names_of(about["proofs"]),
        "sha256": hashlib.sha256(found.body.encode("utf-8")).hexdigest(), "title": found.title, "text": found.body,
    }  # fmt: skip
    target = Path(out) / study.id / "loop" / "cases" / f"{file.stem}.docx"
    with published_ledger(study, out) as ledger:
        same = [entry for entry in ledger.entries("case") if entry.body == body]
        entry = same[0] if same else ledger.append("case", asof[:7], body)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    said = "、".join(f"{label}{n}处" for label, n in found.replaced) or "没有需要替换的名称"
    return {
        "file": str(target), "count": found.count, "entry": entry.seq,
        "replaced": [list(one) for one in found.replaced],
        "sentences": [f"{found.title}：正文{found.count}字；已替换{said}", f"written: {target}"],
    }  # fmt: skip


def known_names(study: Study) -> dict[str, list[str]]:
    """What a public text may not name: facilities with their ids, persons, codes and labels of cells."""
    known: dict[str, list[str]] = {"facility": [], "person": [], "address": [], "code": []}
    if study.facilities:
        register = Deliveries(study).facilities()
        known["facility"] = [str(name) for name in register["name"]]
        known["code"] += [str(name) for name in register["facility"]]
    cells = study.cells
    known["code"] += [str(code) for code in cells["cell"].values]
    if "label" in cells:
        known["code"] += [str(label) for label in cells["label"].values if str(label)]
    known["person"] = _people(study)
    return known


def show_registers(study: Study, asof: str, *, out: Path | str = "out") -> dict[str, Any]:
    """
    Rewards, trainings and cases of the year of a day, and what they lack.

    Returns
    -------
    dict: ``rewards, trainings, cases`` (records), ``findings`` (sentences), ``sentences``

    Raises
    ------
    DataError
        Nothing was published.
    """
    year = int(parse_day(asof)[:4])
    with published_ledger(study, out) as ledger:
        kinds = {
            kind: [e.body | {"seq": e.seq} for e in ledger.entries(kind) if f"{year}-01" <= e.month <= asof[:7]]
            for kind in ("reward", "training", "case")
        }
        least = study.criteria.cases.trainings
        short = "未组织培训" if least == 1 else f"集中培训不足{least}次"
        late = untrained(ledger, year, trained_units(study), least)
        findings = [f"{unit}：{year}年{short}（B26）" for unit in late]
        if ("responsibility", str(year)) not in sent_periods(ledger, asof):
            findings.append(f"{year}年目标责任书没有下达的记录（B26）")
        findings += [f"{name} 未编发典型案例（B20）" for name in quarters_without_case(ledger, asof)]
    paid = sum(float(row["amount"]) for row in kinds["reward"])
    persons = sum(int(row["persons"]) for row in kinds["training"] if row.get("persons", "").isdigit())
    lines = [
        f"{year}年举报奖励{len(kinds['reward'])}件，{paid:g}元",
        f"培训{len(kinds['training'])}次，{persons}人次",
        f"典型案例{len(kinds['case'])}件",
        *(f"finding: {text}" for text in findings),
    ]
    return {
        "rewards": kinds["reward"], "trainings": kinds["training"], "cases": kinds["case"], "findings": findings,
        "sentences": lines,
    }  # fmt: skip


def trained_units(study: Study) -> dict[str, str]:
    """The units that are trained: those of the network's register, else the counties of the study."""
    found = register_of(study)
    if found is not None:
        return {str(u.unit): str(u.name) for u in found[0].units.itertuples()}
    return {str(name): str(name) for name in study.cells["county"].values if str(name)}


def _people(study: Study) -> list[str]:
    """Names of the network's register, where the study has one."""
    found = register_of(study)
    return [] if found is None else sorted({str(name) for name in found[0].people["name"] if str(name).strip()})
