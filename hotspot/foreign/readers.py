"""
The child that decodes vectors, workbooks, documents and photos; ``child.ask`` asks it.

A reader takes a job (path, name, a folder for what is bulky, and its own settings) and
returns two dicts: an answer that JSON knows, and the names of the files it wrote.
"""

from typing import Any

from hotspot.foreign import documents, features, pictures, vectors, workbook
from hotspot.foreign.child import serve

KINDS = {
    "geojson": features.decode,
    "vector": vectors.decode,
    "workbook": workbook.decode,
    "document": documents.decode,
    "picture": pictures.decode,
}


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    answer, files = KINDS[job["kind"]](job)
    return {"answer": answer, "files": files}


if __name__ == "__main__":
    serve(_answer)
