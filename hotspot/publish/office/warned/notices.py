"""
All that announces a month: the notice, the public list, a package for each city.

They print the head of the chain, so they are written after the month was linked
into it, and stand in the manifest beside the chain, not under it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.contracts.fields import pollutant_of
from hotspot.publish.edition import Edition
from hotspot.publish.hands import Hands, Known
from hotspot.publish.office.faces import faces_of
from hotspot.publish.office.redaction import D10
from hotspot.publish.office.warned.notice import LIST_HEADS, Addressee, addressees, notice, notice_docx, template_of
from hotspot.publish.office.warned.notice_pdf import notice_pdf
from hotspot.study import Study
from hotspot.text.csv_rows import escape_text, write_csv

if TYPE_CHECKING:
    from hotspot.contracts.records import Derived


def write_notices(
    folder: Path,
    study: Study,
    month: str,
    derived: "Derived",
    edition: Edition,
    hands: Hands | None = None,
) -> list[Path]:
    """
    Write ``notice.docx``, ``notice.pdf``, ``public/`` and ``packages/<citycode>.zip``.

    Parameters
    ----------
    folder : str or Path
        The month's folder with its products.
    derived : Derived
        What ``month.derive`` returned.
    edition : Edition
        State, revision, head and history that are printed.
    hands : Hands, optional
        Of this month: who makes the packages.

    Returns
    -------
    list of Path, in the order of writing

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw, or the office's template or font cannot be used.
    """
    folder = Path(folder)
    template, faces, of = template_of(study), faces_of(study), pollutant_of(derived.field)
    whole = notice(study, month, derived, edition)
    written = [_put(folder / "notice.docx", notice_docx(whole, template, of=of))]
    written.append(_put(folder / "notice.pdf", notice_pdf(whole, faces=faces, of=of)))
    public = notice(study, month, derived, edition, level="public")
    written.append(_public_list(folder / "public" / "list.csv", public))
    written.append(_put(folder / "public" / "notice.pdf", notice_pdf(public, faces=faces, of=of)))
    cities = addressees(study, derived.hot)
    (folder / "packages").mkdir(exist_ok=True)
    hands = hands or Hands(Known(study, month, derived, {}))
    here, single = folder.resolve(), len(cities) == 1
    hands.each(_package, [(here, edition, addressee, single) for addressee in cities])
    return [*written, *(folder / "packages" / f"{addressee.file}.zip" for addressee in cities)]


def _package(known: Known, folder: Path, edition: Edition, addressee: Addressee, single: bool) -> None:
    """What one city is sent, with its notice."""
    from hotspot.publish.office.warned.packages import write_package

    study, month, derived, _ = known
    template, faces, of = template_of(study), faces_of(study), pollutant_of(derived.field)
    own = notice(study, month, derived, edition, level="city", city=addressee.name)
    notices = {"notice.docx": notice_docx(own, template, of=of), "notice.pdf": notice_pdf(own, faces=faces, of=of)}
    path = folder / "packages" / f"{addressee.file}.zip"
    write_package(path, folder, study, month, derived, edition, addressee, notices=notices, single=single)


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _public_list(path: Path, context: dict[str, Any]) -> Path:
    """The four columns of D10 and nothing else; the city stands before its county."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cities = next(annex for annex in context["annexes"] if annex["kind"] == "list")["cities"]
    rows = (
        row | {"county": city["city"] + row["county"], "place": row["place"].replace("\n", "")}
        for city in cities
        for row in city["rows"]
    )
    header = [LIST_HEADS[name] for name in D10]
    return write_csv(path, header, ([escape_text(row[name]) for name in D10] for row in rows))
