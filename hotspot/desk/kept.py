"""
What was worked out of the ledger and still holds.

The chain's hashes are the natural key: what was worked out of entries holds until there is another one about the same
thing, or until an instant at which it would be told otherwise (an answer becomes overdue). Nothing here knows why;
whoever asks says under which state his answer holds. Of several threads that lack the same thing one works, the others
wait for it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Made = TypeVar("Made")
_MOST = 2000


class Kept:
    """
    One value under each name, made anew when its state is another; the names asked for least lately are dropped.

    Examples
    --------
    >>> kept = Kept()
    >>> [kept.of("n", state, lambda: object()) is kept.of("n", state, lambda: object()) for state in (1, 2)]
    [True, True]
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def of(self, name: Hashable, state: Hashable, make: Callable[[], Made]) -> Made:
        """
        The value of a name at a state.

        Parameters
        ----------
        name, state : hashable
            What is asked for, and everything that its value depends on and that may change. Read the state before
            ``make`` reads: what comes in between is then made anew, never kept too long.
        """
        with self._lock:
            slot = self._slots.setdefault(name, _Slot())
            self._slots.move_to_end(name)
            if len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.state != state:
                slot.value, slot.state = make(), state
            value: Made = slot.value
            return value


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.state: Any = _NEVER
        self.value: Any = None


_NEVER = object()
