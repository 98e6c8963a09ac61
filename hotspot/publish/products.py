"""
All products of one month into one folder, in the order of their table.

Nothing here decides anything: every table and field comes in finished, so the
folder can be written again, byte for byte, by whoever holds the inputs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotspot.publish.catalogue import PRODUCTS, Made, strangers
from hotspot.publish.hands import Hands, Known
from hotspot.variables import DataError


def write_products(
    folder: Path | str,
    study: Any,
    month: str,
    derived: Any,
    *,
    state: str = "preliminary",
    progress: Callable[[str], Any] | None = None,
    hands: Hands | None = None,
) -> None:
    """
    Write every file of the month but the notices and the manifest.

    Parameters
    ----------
    folder : Path
        An empty folder.
    study : Study
    derived : Derived
        What ``month.derive`` returned: its tables and fields by name.
    state : str
        A key of ``words.STATES``, printed on what is held in hands.
    progress : callable, optional
        Called with the first file of each product before it is written.
    hands : Hands, optional
        Who makes its parts, where they are many.

    Raises
    ------
    DataError
        A product from outside wrote a file that it does not name.
    """
    made = Made(Path(folder), study, month, derived, state, hands)
    outside, of = PRODUCTS.outside(), made.of
    apart: list[tuple[Path, str, str]] = []
    for name, product in PRODUCTS.items():
        if not product.wanted(made) or product.why_not(of):
            continue
        if product.apart and hands is not None and hands.n > 1:
            apart.append((made.folder.resolve(), state, name))
            continue
        if progress is not None:
            progress(product.files[0])
        product.write(made)
        if name in outside:
            _refuse_strangers(name, made.folder)
    if apart and hands is not None:
        if progress is not None:
            progress(PRODUCTS[apart[0][2]].files[0])
        hands.each(_write, apart)


def _write(known: Known, folder: Path, state: str, name: str) -> None:
    """One product, as a child is told it."""
    PRODUCTS[name].write(Made(folder, known.study, known.month, known.derived, state))


def _refuse_strangers(name: str, folder: Path) -> None:
    found = strangers(path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    if found:
        raise DataError(f"product {name!r} wrote {found[0]}, which it does not name; add it to its files.")
