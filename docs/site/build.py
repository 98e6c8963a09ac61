"""
Build the documentation site: ``python docs/site/build.py [FOLDER]``, by default ``build/docs``.

The pages are those of the repository at their own places, so that every link on them leads where it leads there.
Made here: a page for each public name, from its docstring, and a page for each notebook, as it is written
(`tests/test_notebooks.py` executes them; here they are not run, so that the site builds in seconds).
"""

import re
import shutil
import sys
from pathlib import Path

import jupytext

import hotspot
from hotspot.publish.web.webfont import font_face

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "data/README.md", "maps/**/*.md")
# Objects that public functions take and give, beside the public names.
OBJECTS = {
    "Study": "hotspot.study.Study",
    "Delivered": "hotspot.contracts.records.Delivered",
    "Criteria": "hotspot.rules.criteria.Criteria",
}


def reference(name, path):
    """The page of one name."""
    kind = "class" if isinstance(_of(path), type) else "function"
    more = "\n   :members:\n" if kind == "class" and name in ("Grid", *OBJECTS) else ""
    return f"# {name}\n\n```{{eval-rst}}\n.. auto{kind}:: {path}{more}\n```\n"


def _of(path):
    module, _, name = path.rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name)


def rooms():
    """Room of the house -> its public names, in the order of the front door."""
    found = {}
    for name, module in hotspot._WHERE.items():
        found.setdefault(module.split(".")[1], []).append(name)
    return found


def reference_index():
    """All public names with the first line of their docstrings, by room."""
    parts = ["# Reference\n\nEvery public name, by the room it lives in: `import hotspot as hs`, then `hs.NAME`.\n"]
    groups = {**rooms(), "objects": list(OBJECTS)}
    for room, names in groups.items():
        lines = [f"| [`{name}`]({name}.md) | {_first(name)} |" for name in names]
        parts.append(f"## {room}\n\n| name | what it does |\n|---|---|\n" + "\n".join(lines) + "\n")
    parts.append("```{toctree}\n:hidden:\n\n" + "\n".join(sorted([*hotspot.__all__, *OBJECTS])) + "\n```\n")
    return "\n".join(parts)


def _first(name):
    doc = _of(OBJECTS[name]).__doc__ if name in OBJECTS else getattr(hotspot, name).__doc__
    return re.split(r"\n\s*\n", doc.strip())[0].replace("\n", " ").replace("|", "\\|").replace("``", "`")


def notebook(path):
    """A notebook as a page: its words as they are, its cells as code."""
    book = jupytext.read(path)
    cells = [c.source if c.cell_type == "markdown" else f"```python\n{c.source}\n```" for c in book.cells if c.source]
    note = f"*Read without outputs here; open `notebooks/{path.name}` in Jupyter to run it.*"
    return "\n\n".join([cells[0], note, *cells[1:]]) + "\n"


def gallery(paths):
    """The notebooks in their reading order, each with its own first words."""
    parts = ["# Notebooks\n\nA reading order; each runs in a minute on the synthetic study.\n"]
    for path in paths:
        title, words = re.search(
            r"^# # (.*)\n#\n((?:# .*\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE
        ).groups()
        parts.append(f"## [{title}]({path.stem}.md)\n\n" + re.sub(r"^# ", "", words, flags=re.MULTILINE))
    names = "\n".join(path.stem for path in paths)
    return "\n".join(parts) + f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


def stage(source):
    """Everything that Sphinx reads, in one fresh folder."""
    shutil.rmtree(source, ignore_errors=True)
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            target = source / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    shutil.copytree(ROOT / "docs" / "pictures", source / "docs" / "pictures", ignore=shutil.ignore_patterns("*.py"))
    shutil.copy(HERE / "index.md", source)
    made = {"reference/index.md": reference_index()}
    made |= {f"reference/{name}.md": reference(name, f"hotspot.{name}") for name in hotspot.__all__}
    made |= {f"reference/{name}.md": reference(name, path) for name, path in OBJECTS.items()}
    notebooks = sorted((ROOT / "notebooks").glob("*.py"))
    made |= {f"gallery/{path.stem}.md": notebook(path) for path in notebooks}
    made["gallery/index.md"] = gallery(notebooks)
    for name, text in made.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")


def fetched(text):
    """What a built page would load from elsewhere."""
    loads = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"(https?:[^\"]+)|<link[^>]*\shref=\"(https?:[^\"]+)", text)
    return [one or other for one, other in loads]


def main(target):
    """0 where the site was built without a warning and loads nothing from elsewhere."""
    from sphinx.cmd.build import build_main

    source, html = target / "source", target / "html"
    stage(source)
    failed = build_main(["-q", "-W", "--keep-going", "-c", str(HERE), "-b", "html", str(source), str(html)])
    pages = {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html")}
    # A computer without a Chinese font would print boxes.
    (html / "_static" / "font.css").write_text(font_face("".join(pages.values())), encoding="utf-8")
    foreign = {path: fetched(text) for path, text in pages.items() if fetched(text)}
    for path, loads in foreign.items():
        print(f"{path} would load {', '.join(loads)}", file=sys.stderr)
    return int(bool(failed or foreign))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"))
