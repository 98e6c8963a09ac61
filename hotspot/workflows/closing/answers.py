"""What came back from the field, whatever it is: a form, a findings layer, an export; and the pictures beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from hotspot.ledger.chain.photos import FOLDER, Photos
from hotspot.sources.answer_forms import answers, form_of, local_time, photo_names
from hotspot.sources.findings import PHOTOS, read_findings
from hotspot.sources.intake import Intake
from hotspot.study import Study
from hotspot.study_loop import AnswerForm
from hotspot.text.table import titles
from hotspot.variables import DataError

TIMES = ("time", "received", "arrived", "result_time")

if TYPE_CHECKING:
    import pandas as pd


class Returned(NamedTuple):
    """A table that came back: its name, the function that records it, its rows, the line of each in its file."""

    what: str
    record: "Callable[..., pd.DataFrame]"
    frame: "pd.DataFrame"
    lines: Any


def returned_rows(study: Study, file: Path, intake: Intake) -> Returned:
    """
    What a returned file is.

    Parameters
    ----------
    study : Study
        Its ``office.forms`` say what an export's columns mean.
    file : Path
        CSV, XLSX, or a ``field.gpkg`` whose findings were filled in.

    Raises
    ------
    DataError
        The file cannot be read, or lacks a column.
    """
    from hotspot.ledger.answers.feedback import REQUIRED, record_feedback
    from hotspot.ledger.answers.issues import record_issues, record_steps
    from hotspot.ledger.answers.receipts import record_receipts
    from hotspot.ledger.assessment.measures import record_measures
    from hotspot.ledger.network.registers import record_consultations, record_rewards, record_trainings
    from hotspot.publish.office.warned.return_form import returned
    from hotspot.sources.loop_tables import our_names, renamed
    from hotspot.sources.tables import read_table

    if file.suffix.lower() == ".gpkg":
        found = read_findings(file, intake)
        return Returned("feedback", record_feedback, found, {at: at for at in found.index})
    table = read_table(file, intake)
    form = form_of(list(table.frame.columns), study.office.forms, table.name)
    if form is not None:
        frame = answers(table.frame, form, table.name, study.utc_offset)
        lacking = [key for key in REQUIRED if key not in frame and not (key == "month" and "alarm" in frame)]
        if lacking:
            raise DataError(f"{table.name}: form {form.name!r} maps nothing to {lacking[0]!r}; add it in the study.")
        return Returned("feedback", record_feedback, frame, table.lines)
    names = set(our_names(table.frame.columns))
    kinds: list[tuple[str, set[str], Callable[..., pd.DataFrame]]] = [
        ("problems", {"origin", "found"}, record_issues), ("steps", {"issue", "step"}, record_steps),
        ("measures", {"measure", "week", "state"}, record_measures), ("rewards", {"reward", "amount"}, record_rewards),
        ("trainings", {"training", "held"}, record_trainings),
        ("consultations", {"consultation", "decided_on"}, record_consultations),
    ]  # fmt: skip
    if "text" not in names:
        kinds.append(("receipts", {"received", "alarm"}, record_receipts))
    for what, has, record in kinds:
        if has <= names:
            return Returned(what, record, renamed(table, ()).frame, table.lines)
    for theirs, ours in zip(table.columns, our_names(table.columns), strict=True):
        if ours in TIMES:
            table.frame[theirs] = table.when(theirs)
    frame = returned(table.frame, table.name, REQUIRED)
    if {"form", "position"} <= set(frame.columns):  # an export of our own XLSForm
        ours = [name for name in frame.columns if name in titles("field.gpkg/findings") or name == "position"]
        frame = answers(frame, AnswerForm(name=table.name, columns={n: n for n in ours}), table.name, study.utc_offset)
    spoken = [name for name in TIMES if name in frame]
    frame = frame.assign(**{name: [_on_the_clock(text, study) for text in frame[name]] for name in spoken})
    return Returned("feedback", record_feedback, frame, table.lines)


def _on_the_clock(text: str, study: Study) -> str:
    """A time as it is spoken, 2026年1月5日 上午11时20分; one that the ledger reads stays as it came."""
    return local_time(text, study.utc_offset) if "年" in text else text


def receipts_alone(returned: Returned) -> list[Returned]:
    """A form of alarms in parts: rows in which somebody only said when he received an alarm are its receipts."""
    from hotspot.ledger.answers.receipts import record_receipts

    frame = returned.frame
    if returned.what != "feedback" or not {"alarm", "received", "time", "text"} <= set(frame):
        return [returned]
    alone = frame["received"].str.strip().ne("") & frame["time"].str.strip().eq("") & frame["text"].str.strip().eq("")
    parts = [
        returned._replace(frame=frame[~alone]),
        Returned("receipts", record_receipts, frame[alone], returned.lines),
    ]
    return [part for part in parts if len(part.frame)] or [returned]


def with_photos(frame: "pd.DataFrame", folder: Path, home: Path) -> "tuple[pd.DataFrame, dict[Any, str]]":
    """
    Take in the pictures that rows name; their hashes stand in ``photos`` instead.

    Parameters
    ----------
    frame : DataFrame of text
        ``photo, photo_2, photo_3``: paths below ``folder``, as a project or an export writes them.
    folder : Path
        Where the file came from.
    home : Path
        ``OUT/<study id>``.

    Returns
    -------
    (DataFrame, dict): the rows whose pictures are there, and index -> why of the others, which are set aside whole, so
    that a row is entered once, with its pictures
    """
    asked = [name for name in PHOTOS if name in frame]
    if not asked:
        return frame, {}
    kept, faults, hashes = Photos(home / FOLDER), {}, {}
    for at, row in zip(frame.index, frame[asked].to_dict("records"), strict=True):
        names = [name for field in asked for name in photo_names(str(row[field]))]
        try:
            taken = [kept.take(_beside(folder, name), name).sha256 for name in names]
        except DataError as error:
            faults[at] = str(error)
        else:
            hashes[at] = ";".join(dict.fromkeys(taken))
    frame = frame.loc[list(hashes)].drop(columns=asked)
    before = frame["photos"] if "photos" in frame else [""] * len(frame)
    photos = [";".join(filter(None, (said, hashes[at]))) for at, said in zip(frame.index, before, strict=True)]
    return frame.assign(photos=photos), faults


def _beside(folder: Path, name: str) -> bytes:
    """A picture's bytes; a name that leaves the folder names none. Of a link it is the file of that name."""
    root, link = folder.resolve(), "://" in name
    path = (root / (urlsplit(name).path.rpartition("/")[2] if link else name)).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        if link:
            raise DataError(f"photo {name!r} is a link, and nothing is fetched; save the picture beside the file.")
        raise DataError(f"photo {name!r} is not beside the file; put the folder of pictures (DCIM) there as well.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"photo {name!r} cannot be read ({error.strerror}).") from None
