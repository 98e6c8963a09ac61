"""
Page sets: each is set once, kept under the hash of all it is made of, and bound into books.

A sheet stands alone, in its city's package and in the month's book; typst sets it once, and the
book takes its pages over. A later run, of this month or of the next, sets only what has changed.
"""

import io
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.publish.fonts import FACES
from hotspot.publish.paper.typeset import template_source, typeset
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.sources.store import Store

if TYPE_CHECKING:
    from hotspot.contracts.records import Derived

_THREADS = 2  # more would only hold more pages in memory
_AHEAD = 8  # page sets drawn before the first of them is asked for


def set_each(
    template: str,
    sets: Iterable[Mapping[str, Any]],
    *,
    parts: Sequence[str] = (),
    store: Store | None = None,
    of: Pollutant = PM25,
) -> Iterator[bytes]:
    """
    Set page sets one after the other, each while the next are drawn.

    typst leaves Python's lock while it sets a page, so threads use all cores there are for it.

    Parameters
    ----------
    template, parts, of : as ``typeset``
    sets : iterable of dict
        The data of each page set; taken as they are needed.
    store : Store, optional
        Where pages are kept between runs.

    Yields
    ------
    bytes, a PDF, in the order of ``sets``

    Raises
    ------
    DataError
        A page could not be set; carries typst's own words.

    Examples
    --------
    >>> head = {"title": "2020-03", "month": "2020-03", "sheets": []}
    >>> [pdf[:5] for pdf in set_each("sheet.typ", [head, head], parts=["map_parts.typ", "page_parts.typ"])]
    [b'%PDF-', b'%PDF-']
    """
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for data in sets:
                waiting.append(pool.submit(set_once, template, data, parts=parts, store=store, of=of))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def set_once(
    template: str,
    data: Mapping[str, Any],
    *,
    parts: Sequence[str] = (),
    store: Store | None = None,
    of: Pollutant = PM25,
) -> bytes:
    """
    One page set as PDF: from the store while nothing it is made of has changed.

    Parameters
    ----------
    template, data, parts, of : as ``typeset``
    """

    def now() -> bytes:
        made: bytes = typeset(template, data, parts=parts, of=of)
        return made

    if store is None:
        return now()
    key = store.key(
        "page", version("typst"), *(face.sha256 for face in FACES), template_source(template, parts, of).decode(),
        json.dumps(data, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip
    return store.asked(key, lambda: {"pdf": np.frombuffer(now(), np.uint8)})["pdf"].tobytes()


def store_of(derived: "Derived", state: str) -> Store | None:
    """Where the pages of a month are kept between runs; None for a draft's, which are not."""
    kept: Store = derived.delivered.intake.once.store
    return None if state == "draft" else kept


def bound(title: str, sets: Iterable[bytes]) -> bytes:
    """
    Page sets as one book.

    Parameters
    ----------
    title : str
        Of the document.
    sets : iterable of bytes, PDFs

    Returns
    -------
    bytes, a PDF: the same for the same page sets, without a date

    Examples
    --------
    >>> parts = ["map_parts.typ", "page_parts.typ"]
    >>> page = set_once("sheet.typ", {"title": "a", "month": "a", "sheets": []}, parts=parts)
    >>> book = bound("two pages", [page, page])
    >>> book == bound("two pages", [page, page]), book.count(b"/Type /Page ") <= 2
    (True, True)
    """
    import pikepdf

    with pikepdf.new() as book:
        for data in sets:
            with pikepdf.open(io.BytesIO(data)) as one:
                book.pages.extend(one.pages)
        for page in book.pages:  # the outline of reading order stays with the single sets
            for name in ("/StructParents", "/Tabs"):
                if name in page:
                    del page[name]
        book.docinfo["/Title"] = title
        book.Root["/Lang"] = pikepdf.String("zh-CN")
        whole = io.BytesIO()
        book.save(whole, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return whole.getvalue()
