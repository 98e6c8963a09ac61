"""How the documentation site looks; ``build.py`` beside it says what is on it. Nothing is fetched, built or read."""

from importlib import metadata

project = "hotspot"
release = metadata.version("hotspot")
copyright = "the hotspot developers"
language = "en"
root_doc = "index"
extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say units and dimensions, which a type cannot
html_theme = "furo"
html_title = "hotspot"
html_static_path = ["_static"]
html_css_files = ["font.css", "site.css"]  # the font is made from the built pages
html_show_sourcelink = False
html_copy_source = False
pygments_style = "friendly"


def join_prose(app, what, name, obj, options, lines):
    """
    Prose under Returns as one line, in place.

    We describe a table in running text there; numpydoc would take each of its lines for another thing returned.
    """
    if "Returns" not in lines:
        return
    first = lines.index("Returns") + 2
    last = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
    if not any(line.startswith(" ") for line in lines[first:last]):
        lines[first:last] = [" ".join(lines[first:last])]


def setup(app):
    app.connect("autodoc-process-docstring", join_prose, priority=400)
