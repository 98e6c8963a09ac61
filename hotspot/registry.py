"""
Tables that outsiders may add to: layouts, warning classes, products, jurisdictions.

A table holds the package's own entries in their order, then what installed packages announce under the table's entry
points (``[project.entry-points."hotspot.layouts.satellite"]``), by name, then what a script adds with ``register``.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TypeVar

Entry = TypeVar("Entry")
_TABLES: "list[Registry]" = []


def a_kind(kind: type) -> Callable[[str, object], None]:
    """
    A check that an entry from outside is of one kind.

    Examples
    --------
    >>> a_kind(int)("toy", "x")
    Traceback (most recent call last):
    TypeError: 'toy' is of type str; give one int.
    """

    def check(name: str, entry: object) -> None:
        if not isinstance(entry, kind):
            raise TypeError(f"{name!r} is of type {type(entry).__name__}; give one {kind.__name__}.")

    return check


def a_function(name: str, entry: object) -> None:
    """Check that an entry from outside can be called."""
    if not callable(entry):
        raise TypeError(f"{name!r} is of type {type(entry).__name__}; give a function.")


class Registry(Mapping[str, Entry]):
    """
    Entries by name, in order: ours, installed ones, and registered ones.

    Parameters
    ----------
    group : str
        Name of the entry points, e.g. ``"hotspot.products"``.
    ours : mapping
        The package's own entries.
    check : callable, optional
        Called with name and entry of everything that comes from outside; raises ValueError or TypeError.

    Examples
    --------
    >>> table = Registry("hotspot.examples", {"csv": "lists"})
    >>> table.register("toy", "toys")
    >>> list(table), table["toy"]
    (['csv', 'toy'], 'toys')
    >>> table.register("csv", "other")
    Traceback (most recent call last):
    ValueError: hotspot.examples: 'csv' is there already; choose another name.
    >>> table.remove("toy")
    >>> with table.added("once", "here"):
    ...     "once" in table
    True
    >>> list(table)
    ['csv']
    """

    def __init__(
        self, group: str, ours: Mapping[str, Entry], check: Callable[[str, Entry], None] | None = None
    ) -> None:
        self.group = group
        self._check = check
        self._ours = dict(ours)
        self._added: dict[str, Entry] = {}
        self._installed: dict[str, Entry] | None = None
        _TABLES.append(self)

    def register(self, name: str, entry: Entry) -> None:
        """Add an entry for the life of this process; a name that is taken is refused."""
        if name in self:
            raise ValueError(f"{self.group}: {name!r} is there already; choose another name.")
        if self._check is not None:
            self._check(name, entry)
        self._added[name] = entry

    def remove(self, name: str) -> None:
        """Take away what was registered; what is ours or installed stays."""
        if name not in self._added:
            raise ValueError(f"{self.group}: {name!r} was not registered in this process.")
        del self._added[name]

    @contextmanager
    def added(self, name: str, entry: Entry) -> Iterator[Entry]:
        """An entry for the length of a ``with`` block."""
        self.register(name, entry)
        try:
            yield entry
        finally:
            self.remove(name)

    def outside(self) -> dict[str, Entry]:
        """The entries that are not the package's own."""
        if self._installed is None:
            self._installed = self._announced()
        return self._installed | self._added

    def _announced(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for point in sorted(entry_points(group=self.group), key=lambda point: point.name):
            where = f"{self.group}: {point.name!r} of {point.dist.name if point.dist else point.value}"
            if point.name in self._ours or point.name in found:
                raise ValueError(f"{where} is there already; remove one of the two packages.")
            try:
                entry = point.load()
                if self._check is not None:
                    self._check(point.name, entry)
            except Exception as error:
                raise ValueError(f"{where} cannot be used ({error}); mend or remove that package.") from error
            found[point.name] = entry
        return found

    def __getitem__(self, name: str) -> Entry:
        return self._ours[name] if name in self._ours else self.outside()[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._ours
        yield from self.outside()

    def __len__(self) -> int:
        return len(self._ours) + len(self.outside())


def outsiders() -> bool:
    """Whether any table holds an entry that is not the package's own, or an installed package announces one."""
    announced = any(group.startswith("hotspot.") for group in entry_points().groups)
    return announced or any(table.outside() for table in _TABLES)
