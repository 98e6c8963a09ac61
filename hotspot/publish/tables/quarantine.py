"""``quarantine.jsonl``: every row that was set aside, with its bytes."""

import base64
from pathlib import Path
from typing import Any

from hotspot.text.door import json_text, masked


def write_quarantine(path: Path | str, intake: Any) -> None:
    """
    Every row set aside, one JSON object a line, with its bytes.

    ``raw`` is the row's own text, the office's record of it: only here nothing is masked, and no package
    holds it. Where its bytes are no UTF-8 they stand in
    ``raw_base64`` instead, so that each row can be printed back identical.
    """
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for row in intake.quarantine:
            entry = {"path": row.path, "row": row.row, "column": row.column}
            entry |= {"value": masked(row.value), "rule": row.rule}
            try:
                entry["raw"] = row.raw.decode("utf-8")
            except UnicodeDecodeError:
                entry["raw_base64"] = base64.b64encode(row.raw).decode("ascii")
            stream.write(json_text(entry) + "\n")
