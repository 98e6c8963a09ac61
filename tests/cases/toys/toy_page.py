"""A printed product: one file and its template."""

from pathlib import Path

from hotspot.publish.catalogue import Made, Product
from hotspot.publish.paper.typeset import typeset
from hotspot.publish.words import month_zh


def write(made: Made) -> None:
    codes = sorted(set(made.derived.warned["cell"]))
    page = typeset(Path(__file__).with_name("toy_page.typ"), {"title": month_zh(made.month), "codes": codes})
    (made.folder / "toy.pdf").write_bytes(page)


PRODUCT = Product(("toy.pdf",), write, "预警网格一页纸", "the warned cells on one page", people=True)
