"""Ways to bend the bytes of a delivery, all from a seed: cut, flipped, recoded, another cell or tree, a bombed zip."""

import io
import json
import random
import zipfile

CSV_CELLS = (
    *(
        "",
        "NaN",
        "-999",
        "1e308",
        "inf",
        "=cmd()",
        "\u202e",
        "\x1b[2J",
        "１２",
        "0x1F",
        "1,200",
        "3.5.1",
        "长" * 3000,
        "'",
    ),
    *('"', '"\n', "\x00", "2025-02-30 25:00", "9" * 400, "-0", "None", "110101199003074477"),
)
JSON_VALUES = (
    None,
    [],
    {},
    "",
    1e308,
    -1e308,
    "x" * 5000,
    [[]],
    {"type": "link"},
    True,
    [None, None],
    10**400,
    "\u202e",
)
RASTER_ENDS = (b"", b"II*\0", b"MM\0*", b"\x89HDF\r\n\x1a\n", b"CDF\x01")


# What can be done to bytes, to a table, to JSON, to a zip; each takes (rng, bytes) and returns bytes.


def cut(rng, data):
    return data[: rng.randrange(len(data) + 1)]


def flip(rng, data):
    out = bytearray(data)
    for _ in range(rng.choice((1, 3, 30)) if out else 0):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def splice(rng, data):
    at, n = rng.randrange(len(data) + 1), rng.choice((1, 16, 4096))
    return (
        data[:at]
        + rng.choice((bytes(n), b"\xff" * n, rng.randbytes(n), data[:n] * 3))
        + data[at + rng.choice((0, n)) :]
    )


def disguise(rng, data):
    plain = (b"<!DOCTYPE html><html>login</html>", b"", b" ", b"{}", b"[" * 200_000, b"%PDF-1.7")
    marks = (b"PK\x03\x04", b"SQLite format 3\0", b"\x1f\x8b\x08", *RASTER_ENDS)
    return rng.choice((*plain, rng.choice(marks), rng.choice(marks) + rng.randbytes(200)))


def recode(rng, data):
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(("gb18030", "utf-16", "utf-16-le", "utf-8-sig", "utf-7")), "replace")


def cell(rng, data):
    lines = data.decode("utf-8", "replace").split("\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(",")
    cells[rng.randrange(len(cells))] = rng.choice(CSV_CELLS)
    lines[at] = rng.choice((",", ",", ",", ";", "\t")).join(cells)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def column(rng, data):
    rows = [line.split(",") for line in data.decode("utf-8", "replace").split("\n")]
    at, value = rng.randrange(len(rows[0])), rng.choice(CSV_CELLS)
    rows = [rows[0], *([*row[:at], value, *row[at + 1 :]] if len(row) > at else row for row in rows[1:])]
    if rng.random() < 0.3:
        rows[0][at] = rng.choice((rows[0][0], "", "列", "pm2_5"))
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


def lines(rng, data):
    parts = data.split(b"\n")
    how = rng.randrange(4)
    if how == 0:
        rng.shuffle(parts)
    elif how == 1:
        parts += parts[1:] * rng.choice((1, 40))
    elif how == 2:
        del parts[rng.randrange(len(parts)) :]
    return rng.choice((b"\n", b"\r\n", b"\r", b"\n\n")).join(parts)


def tree(rng, data):
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return data
    at, path = whole, []
    while isinstance(at, dict | list) and at and (len(path) < 2 or rng.random() < 0.75):
        key = rng.choice(list(at)) if isinstance(at, dict) else rng.randrange(len(at))
        path.append((at, key))
        at = at[key]
    if path:
        holder, key = path[-1]
        if rng.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = rng.choice(JSON_VALUES)
    if rng.random() < 0.15 and isinstance(whole, dict):
        whole["crs"] = {
            "type": rng.choice(("link", "name", "url")),
            "properties": {"name": "EPSG:4490", "href": "http://127.0.0.1:9"},
        }
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")


def members(rng, data):
    """A zip with one member bent, doubled, bombed or under another name."""
    try:
        before = zipfile.ZipFile(io.BytesIO(data))
        held = {name: before.read(name) for name in before.namelist()}
    except Exception:  # bent before
        return data
    name = rng.choice(sorted(held))
    how = rng.randrange(5)
    if how == 0:
        held[name] = flip(rng, held[name])
    elif how == 1:
        del held[name]
    elif how == 2:
        held[name] = held[name] + bytes(30_000_000)
    elif how == 3:
        held["../../" + name] = held[name]
    else:
        held[name] = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
    after = io.BytesIO()
    with zipfile.ZipFile(after, "w", zipfile.ZIP_DEFLATED) as out:
        for each, content in held.items():
            out.writestr(each, content)
    return after.getvalue()


BENDS = {
    "csv": (cut, flip, splice, disguise, recode, cell, cell, cell, column, column, lines),
    "toml": (cut, flip, splice, disguise, recode, cell, lines),
    "geojson": (cut, flip, splice, disguise, recode, tree, tree, tree, tree),
    "xlsx": (cut, flip, disguise, members, members, members),
    "docx": (cut, flip, disguise, members, members, members),
}
BINARY = (cut, flip, flip, splice, disguise)


def mutant(kind, files, seed):
    """The files of a delivery after one to three bends of one of them: ``{name: bytes}``."""
    rng = random.Random(f"{kind} {seed}")
    bent = dict(files)
    name = rng.choice(sorted(bent))
    for _ in range(rng.choice((1, 1, 2, 3))):
        bent[name] = rng.choice(BENDS.get(name.rsplit(".", 1)[1], BINARY))(rng, bent[name])
    return bent
