"""
The deliveries of one run: every workflow asks this object for months, and each file is found, hashed and decoded once.

What a file holds is kept on disk under its hash, so that the next run decodes nothing it has seen. What becomes
of its rows is counted for each month anew: a month's register lists its files, whoever read them first.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.deliveries import KINDS
from hotspot.sources.intake import Intake
from hotspot.sources.once import Once
from hotspot.sources.store import Store
from hotspot.study import Study

if TYPE_CHECKING:
    import geopandas as gpd

    from hotspot.contracts.records import Delivered

FOLDER = "decoded"


class Deliveries:
    """
    What was delivered for a study.

    Parameters
    ----------
    study : Study
    folder : Path, optional
        ``OUT/<study id>``: what was decoded is kept there in ``decoded/``, and used again by later runs. Without
        it nothing outlasts the process.
    once : Once, optional
        The files of a run that is under way.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> deliveries = Deliveries(small.study)
    >>> month = deliveries.month(small.month, kinds=("reference",))
    >>> [part.reference.sizes["time"] for _, part in deliveries.each(["2025-11", "2025-12"], kinds=("reference",))]
    [720, 744]
    """

    def __init__(self, study: Study, folder: Path | None = None, *, once: Once | None = None) -> None:
        self.study = study
        self.once = once or Once(None if folder is None else Store(Path(folder) / FOLDER))

    def under(self, study: Study) -> "Deliveries":
        """The same files, read for a study with other criteria."""
        return Deliveries(study, once=self.once)

    def intake(self) -> Intake:
        """A new account over the same files."""
        return Intake(self.study.root, once=self.once)

    def beside(self, folder: Path) -> Intake:
        """An account of files that were handed over from some other folder, over the same openings."""
        return Intake(folder, once=self.once)

    def facilities(self, *, bounds: Sequence[float] | None = None) -> "gpd.GeoDataFrame":
        """The registered sources, as ``load_facilities``."""
        from hotspot.sources.places.facilities import load_facilities

        return load_facilities(self.study.facilities, self.study.root, self.intake(), bounds=bounds)

    def expect(self, months: Sequence[str]) -> None:
        """Name months that will be asked for, so that a file of many months is opened for all of them at once."""
        self.once.expected = tuple(sorted({*self.once.expected, *months}))

    def month(self, month: str, *, kinds: Collection[str] = KINDS) -> "Delivered":
        """A month, the one before and the same of the year before; as ``open_month``."""
        from hotspot.deliveries.opening import open_month

        return open_month(self.study, month, intake=self.intake(), kinds=kinds)

    def year(self, year: int, *, kinds: Collection[str] = ("satellite", "reference", "stations")) -> "Delivered":
        """A calendar year; as ``open_year``."""
        from hotspot.deliveries.opening import open_year

        return open_year(self.study, year, intake=self.intake(), kinds=kinds)

    def months(
        self,
        names: Sequence[str],
        *,
        kinds: Collection[str] = ("satellite", "reference", "weather"),
        intake: Intake | None = None,
    ) -> "Delivered":
        """Any months, oldest first; as ``open_months``. An ``intake`` is one of ours that has more to hold."""
        from hotspot.deliveries.opening import open_months

        return open_months(self.study, names, intake=intake or self.intake(), kinds=kinds)

    def each(
        self, names: Sequence[str], *, kinds: Collection[str] = ("reference",)
    ) -> "Iterator[tuple[str, Delivered]]":
        """Months one by one, each with its own account, so that no more than one is in memory."""
        for name in names:
            yield name, self.months([name], kinds=kinds)

    def tidy(self) -> None:
        """End of a run: what is kept on disk stays within its limit."""
        self.once.store.tidy()
