"""
The files that a study's patterns name, and none outside its data root.
"""

from pathlib import Path

from hotspot.variables import DataError


def find_files(root, patterns, what):
    """
    The delivered files that match, sorted by name.

    Parameters
    ----------
    root : Path
        The data root.
    patterns : sequence of str
        Globs below the root; ``..``, absolute paths and network paths are refused.
    what : str
        What is looked for, for the message.

    Returns
    -------
    list of Path

    Raises
    ------
    DataError
        A pattern leaves the root, or nothing matches.
    """
    found = set()
    for pattern in patterns:
        if pattern.startswith(("/", "\\", "/vsi")) or ".." in Path(pattern).parts or "://" in pattern:
            raise DataError(f"{what}: pattern {pattern!r} leaves the data folder; give one below {root}.")
        matches = [p for p in Path(root).glob(pattern) if p.is_file()]
        if not matches:
            raise DataError(
                f"{what}: nothing matches {pattern!r} below {root}; "
                "check the folder, or point HOTSPOT_DATA or --data at it."
            )
        found.update(matches)
    return sorted(found)
