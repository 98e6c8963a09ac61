"""The notebooks, executed once each as a reader runs them: no function, no error text, and the views in place."""

import ast
import asyncio
import re
import tempfile
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.py"))
# What a view of each kind holds and nothing else does.
VIEWS = {
    "study": "决定名单的规则",
    "grid": "cell measures on the ground",
    "warned": "预警网格 <small>warning cells",
    "standing": "热点网格排名 <small>",
    "hot": "热点网格 <small>hotspot cells",
    "traced": "疑似污染源",
    "checklist": "问题清单",
    "map": "<iframe title=",
    "svg": "<svg ",
}
# They list the year's cells into an empty folder: here one in which a run before has kept what the files hold and the
# levels learned of them, as in any second month. Learned anew they are where that run is made, and in 04.
SECOND_RUN = {"01-one-month", "02-why-this-cell"}
SHOWN = {
    "01-one-month": {"study", "grid", "warned", "traced", "map"},
    "02-why-this-cell": {"warned", "traced", "checklist", "svg"},
    "03-trusting-a-sensor": set(),
    "04-choosing-criteria": {"study", "standing", "hot"},
    "05-a-rank-and-its-doubt": set(),
    "06-whose-plume": {"traced"},
    "07-an-hour-and-its-alarm": {"svg"},
    "08-the-loop": set(),
}
# A notebook begins with no name, no setting of a plot and no file of the one before it.
EMPTIED = """\
import os, sys
os.chdir({folder!r})
if "matplotlib" in sys.modules:
    sys.modules["matplotlib"].rcdefaults()
    sys.modules["matplotlib.pyplot"].close("all")
%reset -f
print(*(name for name in dir() if not name.startswith("_")))
print(__import__("os").getcwd())
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_defines_no_function_and_shows_no_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.Lambda | ast.ClassDef)]
    assert "# %% [markdown]" in text and "HOTSPOT_DATA" not in text


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """One kernel for all notebooks: Python, its libraries and the compiled loops are loaded once."""
    kernels = pytest.importorskip("jupyter_client", reason="jupyter_client is not installed; pip install '.[tests]'")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed; pip install '.[tests]'")
    # On sockets in a folder with a short name, not on ports: no test listens to the network.
    with pytest.MonkeyPatch.context() as environment, tempfile.TemporaryDirectory() as folder:
        environment.delenv("MPLBACKEND", raising=False)  # a kernel draws inline
        environment.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))  # nobody's own settings
        manager = kernels.AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/k")
        yield manager
        asyncio.run(manager.shutdown_kernel(now=True))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs_and_shows_its_views(path, kernel, decoded_before, tmp_path):
    jupytext = pytest.importorskip("jupytext", reason="jupytext is not installed; pip install '.[tests]'")
    client = pytest.importorskip("nbclient", reason="nbclient is not installed; pip install '.[tests]'")
    text = path.read_text(encoding="utf-8")
    if path.stem in SECOND_RUN:
        assert text.count("tempfile.mkdtemp()") == 1
        text = text.replace("tempfile.mkdtemp()", repr(str(tmp_path / "out")))
        decoded_before(tmp_path / "out" / "small")
    book = jupytext.reads(text, fmt="py:percent")
    emptied = {"cell_type": "code", "metadata": {}, "source": EMPTIED.format(folder=str(tmp_path))}
    book.cells.insert(0, type(book.cells[0])(emptied))
    resources = {"metadata": {"path": str(tmp_path)}}
    runner = client.NotebookClient(book, km=kernel, timeout=600, resources=resources)
    runner.execute()
    runner.kc.stop_channels()
    *left, place = book.cells.pop(0)["outputs"][-1]["text"].split()
    assert set(left) <= {"In", "Out", "exit", "quit", "open", "get_ipython"} and place == str(tmp_path)
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    complaints = [o["text"] for o in outputs if o.get("name") == "stderr"]
    assert not complaints, complaints[0]
    pages = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    shown = {name for name, mark in VIEWS.items() if any(mark in page for page in pages)}
    assert SHOWN[path.stem] <= shown, f"not shown: {sorted(SHOWN[path.stem] - shown)}"
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert pictures, "no plot"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_word_on_a_picture_is_there_in_two_languages(path):
    """What a call of a plot writes: axes, titles, labels of a legend; names and units alone need no translation."""
    written = []
    for call in (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)):
        texts = [word.value for word in call.keywords if word.arg in ("xlabel", "ylabel", "title", "label")]
        if getattr(call.func, "attr", "") in ("set_xlabel", "set_ylabel", "set_title", "suptitle", "text", "annotate"):
            texts += call.args
        for node in texts:
            parts = [
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            written.append(" ".join(parts))
    for text in written:
        words = re.sub(r"PM2\.5|PM10|[uμ]g/m[3³]", "", text)
        assert bool(re.search(r"[a-z]{3}", words)) == bool(re.search(r"[\u4e00-\u9fff]", words)), text
