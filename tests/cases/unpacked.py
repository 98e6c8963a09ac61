"""Everything that a published month says: its files, what lies packed in them, and the pages of its papers."""

import io
import subprocess
import zipfile


def unpacked(folder):
    """Bytes by name: of every file, of what its packages, workbooks and documents hold, and the text of its pages."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        found |= _inside(name, path.read_bytes())
        if path.suffix == ".pdf" and path.parent.name != "sheets":  # sheets.pdf holds them all
            run = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
            found[f"{name}: pages"] = run.stdout
    return found


def _inside(name, data):
    if not data.startswith(b"PK"):
        return {name: data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [_inside(f"{name}/{part}", archive.read(part)) for part in archive.namelist()]
    return {part: data for found in parts for part, data in found.items()}
