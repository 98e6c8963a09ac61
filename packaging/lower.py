"""
The lowest versions that ``pyproject.toml`` declares, one a line, for ``make lower``.

A bound that nobody installs is a guess: the target makes an environment of exactly these, imports every public name and
makes a small month.
"""

import re
import sys
import tomllib
from pathlib import Path


def lowest(path: Path) -> list[str]:
    """``name==version`` of every library of the core."""
    declared = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
    found = [re.match(r"([A-Za-z0-9_.\-]+(?:\[[^\]]*\])?)>=([0-9.]+)", one) for one in declared]
    return [f"{match[1]}=={match[2]}" for match in found if match]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lowest(Path(__file__).resolve().parents[1] / "pyproject.toml")) + "\n")
