"""What stands beside a table, by cell."""

from typing import Any


class Beside(dict[str, Any]):
    """What stands beside a table by cell; pandas copies attributes deeply at every step, and this is not changed."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Beside":
        return self
