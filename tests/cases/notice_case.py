"""A hand-made month that is fit to be announced: two cities, an office, an edition."""

from types import SimpleNamespace

from paper_case import paper_case

from hotspot.publish.edition import Edition
from hotspot.study import Office, WebMap

HEAD = "0123456789abcdef" * 4
CODES = {"甲州市": "410100", "乙川市": "410200"}


def notice_case(*, word=None, **office):
    """What ``paper_case`` gives, with a study that can send notices."""
    case = paper_case(word=word)
    cells = case.field.coords.to_dataset().drop_vars("time")
    codes = [CODES.get(name, "410100") for name in cells["city"].values]
    case.study.cells = cells.assign_coords(city_code=("cell", codes))
    case.study.office = Office(**office)
    case.study.root = "."
    case.study.map = WebMap()
    case.routes = None
    case.history, case.emerging, case.past = case.field, None, {}
    case.days = case.fine = case.layers = None
    case.standing = case.warned.assign(listed=True)
    case.delivered = SimpleNamespace(facilities=case.facilities)
    case.inventory = case.facilities[["facility"]].assign(city=next(iter(CODES)))
    return case


def codes_of(case, city=None):
    """The warned cells, of one city or of all, in the order of the list."""
    warned = case.warned if city is None else case.warned[case.warned["city"] == city]
    return list(dict.fromkeys(warned["cell"]))


def change(case, row, what, before=None, now=None):
    """One difference to the list that is replaced, as an edition carries it."""
    listed = case.warned.iloc[row]
    return {
        "city": listed["city"], "cell": listed["cell"], "reason": listed["reason"], "what": what,
        "before": before, "now": now,
    }  # fmt: skip


def edition(**changed):
    """A first preliminary edition with nothing in the ledger before it."""
    return Edition(**({"head": HEAD, "previous": "0" * 64, "list_digest": "0a1b2c3d"} | changed))
