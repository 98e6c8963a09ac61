"""
The edition of a published month: its state, its revision, its place in the chain, what it replaces.

A notice prints it. The chain links everything of a month but the notices, so that
the head they carry is the one that stands in the ledger.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Edition:
    """
    What a notice must know of the month beyond its list.

    Attributes
    ----------
    state : str
        A key of ``words.STATES``.
    revision : int
        1, 2 ... of this month by the ledger's order, never by a clock; 0 for a draft.
    head, previous : str
        Hash of the month's entry in the chain and of the one before; empty for a draft.
    list_digest : str
        The first eight digits of the SHA-256 of ``warnings.csv``; sheets and notices print it.
    history : dict of str -> tuple of str
        Month -> codes of the cells that were warned, of the published months before this one
        that the escalation window reaches; as the ledger had it.
    chances : dict of str -> dict of str -> float
        Of those months, how likely each warned cell truly was among the worst.
    replaces : int
        The revision that this one replaces, 0 for none.
    changes : tuple of dict
        What differs from the replaced list: ``city, cell, reason, what`` (added, removed,
        changed), ``before`` and ``now``: each a dict ``rank, pm25, change`` or None.
    """

    state: str = "preliminary"
    revision: int = 1
    head: str = ""
    previous: str = ""
    list_digest: str = ""
    history: dict[str, tuple[str, ...]] = field(default_factory=dict)
    chances: dict[str, dict[str, float]] = field(default_factory=dict)
    replaces: int = 0
    changes: tuple[dict, ...] = ()


def stated_edition(stated: dict[str, Any]) -> Edition:
    """
    The edition that a published month's manifest states: what its notices were written with.

    Parameters
    ----------
    stated : dict, from ``manifest.read_manifest``
    """
    chain = stated["chain"]
    return Edition(
        state=stated["state"],
        revision=chain.get("revision", 0),
        head=chain.get("head", ""),
        previous=chain.get("previous", ""),
        list_digest=stated["outputs"]["warnings.csv"]["sha256"][:8],
        history={month: tuple(codes) for month, codes in stated["history"].items()},
        chances=stated.get("chances", {}),
        replaces=stated["replaces"],
        changes=tuple(stated["changes"]),
    )
