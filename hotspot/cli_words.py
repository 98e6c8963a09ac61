"""Answers of the shell in words, a line each."""

from collections.abc import Iterator
from typing import Any


def place_lines(found: dict[str, Any]) -> Iterator[str]:
    label = f" ({found['label']})" if found.get("label") else ""
    yield f"cell {found['cell']}{label}" + (f", sub-cell {found['child']}" if found["child"] else "")
    for name, point in (("WGS 84", (found["lon"], found["lat"])), ("GCJ-02", found["gcj02"]), ("BD-09", found["bd09"])):
        yield f"centre, {name}: {point[0]:.6f} {point[1]:.6f}"
    yield f"on the lattice {found['lattice_id']}: x {found['x']:.0f} m, y {found['y']:.0f} m"
    yield f"column {found['col']}, row {found['row']}"
    east, north = found["size_m"]
    yield f"on the ground: {east:.0f} m west-east, {north:.0f} m south-north"
    yield f"grid north is {found['north_deg']:.1f} deg off true north"
    yield f"H3: {found['h3_8']} (8), {found['h3_9']} (9)"


def lake_lines(answer: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{answer['lake']}: {answer['added']} files added, {answer['known']} known before; of {answer['hours']} "
        f"station-hours {answer['new']} new, {answer['same']} same, {answer['changed']} changed; "
        f"{answer['quarantined']} rows quarantined"
    )
    yield from (f"   {m['month']}: revision {m['revision']}, {m['hours']} station-hours" for m in answer["months"])
    yield from (f"note: {text}" for text in answer["notes"])


def verify_lines(answer: dict[str, Any]) -> Iterator[str]:
    verdict = f"{'verified' if answer['verified'] else 'NOT verified'}, {answer['checked']}"
    yield f"{answer['directory']}: {verdict}, head {answer['head'][:16] or 'none'}"
    yield from (f"difference: {text}" for text in answer["differences"])
    yield from (f"version: {text}" for text in answer["warnings"])
