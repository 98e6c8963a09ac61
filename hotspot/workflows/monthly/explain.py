"""
Why this cell is, or is not, on a month's list; and what to open in a published folder.

The answer is a plain dict of numbers and short sentences, for a person or a
machine; it ranks nothing.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hotspot.contracts.records import Derived
from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.storage import FILE, is_there
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.catalogue import PRODUCTS
from hotspot.publish.rank_words import again_en, may_en
from hotspot.publish.weather_words import weather_en
from hotspot.publish.words import signed
from hotspot.rules.calendar import parse_month
from hotspot.study import Study
from hotspot.trace.plumes.groups import group_words
from hotspot.trace.visits.words import agreement_words, calm_words, rest_words, share_words
from hotspot.variables import DataError
from hotspot.workflows.monthly.explained import explained, key_of, of_cell
from hotspot.workflows.monthly.month import derive
from hotspot.workflows.monthly.unchanged import made_from
from hotspot.workflows.yearly.year import annual, open_hotspots


def explain_cell(
    study: Study, month: str, cell: str, *, out: Path | str = "out", derived: Derived | None = None
) -> dict[str, Any]:
    """
    Why this cell is, or is not, on a month's list: numbers, data, confidence, sources.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    cell : str
        A cell code, of any case, or the official label of a cell.
    out : str or Path
        Where the hotspot list lies; it is selected now if there is none.
    derived : Derived, optional
        The month from ``derive``, if it was made just now; what was told before of the same inputs is looked up.

    Returns
    -------
    dict
        ``place``, ``hotspot`` (list entry or why not), ``month`` (mean, coverage,
        valid days, error, Gi*), ``warnings`` (one entry per reason with its rank
        and confidence), ``not_ranked``, ``sources``, ``hours`` (station, wind and calm behind
        them), ``past`` (lines zh, en of the year before the month's end), ``people`` (chief, supervisor), and
        ``sentences`` to read.

    Raises
    ------
    DataError
        The code is wrong, or the cell is not one of the study's.
    """
    parse_month(month)
    code = study.grid.code(*study.grid.parse(study.code_of(cell)))
    home, inputs = Path(out) / study.id, made_from(study)
    deliveries = Deliveries(study, home)
    store = deliveries.once.store
    kept = store.get(key_of(store, month, inputs, home)) if inputs else None
    if code not in (study.cells if kept is None else kept)["cell"]:
        raise DataError(f"{code} is no cell of {study.id}; `hotspot cell {code}` shows where it lies.")
    if kept is None:
        if derived is not None:
            kept = explained(study, month, derived)
        else:
            hot = open_hotspots(study, int(month[:4]), out=out, deliveries=deliveries)
            kept = explained(study, month, derive(study, month, hot=hot, folder=home, deliveries=deliveries))
            if inputs:
                store.put(key_of(store, month, inputs, home), kept)
    answer = of_cell(kept, code)
    people, ranks = answer.pop("people"), answer.pop("ranks")
    answer |= {"past": _past(study, month, code, home), "people": people}
    answer["sentences"] = [*_sentences(answer, deliveries, month), *([ranks] if ranks else [])]
    column = study.pollutant.column
    answer["months"] = {
        name: {column(key): value for key, value in told.items()} for name, told in answer["months"].items()
    }
    return answer


def _past(study: Study, month: str, code: str, home: Path) -> list[list[str]]:
    """What lies behind a cell at the end of a month, with all that came in since; empty without a ledger."""
    from hotspot.ledger.answers.past import past_of, past_words
    from hotspot.workflows.closing.network import last_day

    if not is_there(home / FILE):
        return []
    with open_ledger(home / FILE) as ledger:
        past = past_of(ledger, code, f"{last_day(month)}T23:59", study.criteria.clocks)
    return [list(pair) for pair in past_words(past)]


def _sentences(answer: dict[str, Any], deliveries: Deliveries, month: str) -> list[str]:
    """The answer as a person would say it."""
    study = deliveries.study
    now = answer["months"][month]
    place = " ".join(filter(None, (answer["place"][k] for k in ("city", "county", "township"))))
    lines = [f"{study.named(answer['cell'])} lies in {place} (owner by largest share of its area)."]
    if now["valid"]:
        days = "" if now["n_valid"] is None else f" from {now['n_valid']:.0f} valid days"
        seen = "" if now["coverage"] is None else f", {now['coverage']:.0%} of its area observed"
        what = f"{study.pollutant.en} {study.pollutant.value_en}"
        error = " ug/m3 (no error is stated)" if now["pm25_error"] is None else f" +- {now['pm25_error']:.1f} ug/m3"
        lines.append(f"Its {what} of {month} is {now['pm25']:.1f}{error}{days}{seen}.")
    else:
        lines.append(f"It has no valid mean for {month}: {now['why']}.")
    if answer["hotspot"]:
        entry = answer["hotspot"][0]
        lines.append(f"It is a hotspot cell ({entry['status']}, since {entry['since']}): {entry['reason']}.")
    else:
        lines.append("It is not on the year's hotspot list, so it is not ranked for a warning.")
    for row in answer["warnings"]:
        change = (
            "" if row["change"] is None else f", {signed(row['change'], 1)} ug/m3 ({signed(row['change_pct'], 1)} %)"
        )
        sure = "" if row["p_worst"] is None else (
            f"; it is the worst of this month with probability {row['p_worst']:.2f}, "
            f"its true rank lies in {row['rank_low']:.0f}..{row['rank_high']:.0f}"
        )  # fmt: skip
        told = "" if row["distinguishable"] else "; the data cannot tell it from its runners-up (不可区分)"
        lines.append(
            f"Warned as {row['reason'].replace('_', ' ')}: rank {row['rank']} in {row['city']}{change}{sure}{told}."
        )
        more = filter(None, (may_en(row, study.criteria.warning.k[row["reason"]]), again_en(row)))
        lines += [f"{text[0].upper()}{text[1:]}." for text in more]
    lines += _weather_sentences(answer, study.criteria.warning.decimals)
    if answer.get("abnormal", {}).get("en"):
        lines.append(f"By its micro-stations, {answer['abnormal']['en']}.")
    lines += [f"Not ranked {row['reason'].replace('_', ' ')}: {row['why']}." for row in answer["not_ranked"]]
    for row in sorted(answer["sources"], key=lambda r: r["order"])[:5]:
        lines.append(
            f"{row['name']} ({row['class_']}), {row['distance_km']:.1f} km towards {row['bearing_deg']:.0f} deg, "
            f"wind evidence: {'; '.join(filter(None, (row['word'], share_words(row)[1], agreement_words(row)[1])))}."
        )
    lines += [f"{said[0].upper()}{said[1:]}." for _, said in group_words(answer["sources"])]
    lines += [f"Its past: {en}." for _, en in answer["past"]]
    if any(answer["people"]):
        lines.append("Answered for by " + ", ".join(filter(None, answer["people"])) + ".")
    rest = rest_words(answer["hours"])[1]
    lines += [f"{rest[0].upper()}{rest[1:]}."] if rest else []
    calm = calm_words(answer["hours"])[1]
    if calm:
        lines.append(f"{calm[0].upper()}{calm[1:]}.")
    if not answer["hotspot"] and now["valid"]:
        lines.append(_annual_sentence(answer["cell"], deliveries, int(month[:4])))
    return lines


def _weather_sentences(answer: dict[str, Any], decimals: int) -> list[str]:
    """What the weather did to this cell, and what its emission level is."""
    weather, lines = answer["weather"], []
    if weather["how"]["weather"].startswith("none: "):
        lines.append(f"What the weather did is not known: {weather['how']['weather'].removeprefix('none: ')}.")
    else:
        lines += [
            f"{row['reason'].replace('_', ' ').capitalize()}: {weather_en(row, decimals)}."
            for row in answer["warnings"]
            if row["weather"] is not None
        ]
        name, now = list(weather["month"].items())[-1]
        if not answer["warnings"] and now["normalised"] is not None:
            lines.append(
                f"In average weather {name} would have been {now['normalised']:.1f} ug/m3 "
                f"(interval {now['low']:.1f} to {now['high']:.1f})."
            )
        lines.append(f"How the weather was taken out: {weather['how']['weather']}.")
    if weather["level"] is not None:
        lines.append(f"Its emission level, the second criterion of the year's list, is {weather['level']:.1f} ug/m3.")
    elif weather["how"]["level"].startswith("none: "):
        lines.append(
            f"The year's list rests on the concentration alone: {weather['how']['level'].removeprefix('none: ')}."
        )
    return lines


def _annual_sentence(code: str, deliveries: Deliveries, year: int) -> str:
    """How far the cell was from the list: its place among its city's cells."""
    field = annual(deliveries.study, year, deliveries)
    city = field.where(field["city"] == field["city"].sel(cell=code), drop=True)
    rank = int((city["pm25"] > field["pm25"].sel(cell=code)).sum()) + 1
    return f"By annual mean it is number {rank} of {city.sizes['cell']} cells of its city."


# What a month holds beside the catalogue's products: pattern -> Chinese, English.
_BESIDE = (
    ("notice.docx", "通知（待编号、签发）",
     "the notice to the cities (通知), to be numbered and signed; notice.pdf to print"),
    ("notice.pdf", "通知（打印用）", "the notice, to print"),
    ("packages/*", "各市工作包", "what is sent to each city, one archive per city"),
    ("public/*", "公开的名单和通知", "what anybody may read: the list and the notice without numbers"),
)  # fmt: skip
_MANIFEST = ("manifest.json", "输入、规则、版本和校验值", "inputs, rules, versions, hashes")


def described(folder: Path) -> list[tuple[str, str, str]]:
    """
    The files of a published folder with what each is: list of (name below the folder, Chinese, English).

    What is for people stands first, in the catalogue's order; a file that nobody names is left out.
    """
    made = [[(name, one.zh, one.en) for name in one.files] for one in PRODUCTS.values() if one.people]
    made += [[one] for one in _BESIDE]
    made += [[(name, one.zh, one.en) for name in one.files] for one in PRODUCTS.values() if not one.people]
    names = sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())
    known = [one for some in [*made, [_MANIFEST]] for one in some]
    return [(name, zh, en) for pattern, zh, en in known for name in names if fnmatchcase(name, pattern)]


def describe_folder(folder: Path) -> list[tuple[Path, str]]:
    """What to open in a published folder: list of (path, words), for the end of a run."""
    told: dict[str, str] = {}
    for name, _, words in described(folder):  # of a folder with a file a city or cell, the folder, or what binds them
        top = name.partition("/")[0]
        if top == name or top in ("packages", "public"):
            told.setdefault(top, words)
    told.pop("notice.pdf", None)  # named with the other
    return [(Path(folder) / name, words) for name, words in told.items()]
