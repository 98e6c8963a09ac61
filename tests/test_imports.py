"""What is imported, where, and that it is declared: dependencies, and the rule for imports inside functions."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Where a distribution's module has another name.
MODULE = {
    "netcdf4": "netCDF4", "xstatic-leaflet": "xstatic", "fonttools": "fontTools", "python-stdnum": "stdnum",
    "python-docx": "docx", "pytest-xdist": "xdist", "pytest-cov": "pytest_cov", "opencv-python-headless": "cv2",
    "pillow": "PIL", "ioos-qc": "ioos_qc", "myst-parser": "myst_parser", "jupyter-client": "jupyter_client",
    "cf-xarray": "cf_xarray", "ipython": "IPython", "argon2-cffi": "argon2", "zxing-cpp": "zxingcpp",
}  # fmt: skip
# Used without an import of ours, and by what.
UNIMPORTED = {
    "distributed": "dask.distributed, behind --scheduler",
    "brotli": "fontTools packs web fonts with it",
    "xstatic": "publish/web/page.py reads its files",
    "pylopdf-fonts-zh-cn": "publish/fonts.py reads its fonts",
    "cvttf-notosanscjk-bold": "publish/fonts.py reads its font",
    "matplotlib": "figures in notebooks and pages",
    "rioxarray": "registers .rio on what readers open",
    "python-multipart": "starlette reads forms with it",
    "s3fs": "fsspec opens s3:// with it",
    "httpx": "starlette's test client speaks through it",
    "xdist": "make test runs on two cores",
    "pytest_cov": "make coverage",
    "ruff": "make test", "mypy": "make test",
    "sphinx": "make docs", "numpydoc": "make docs", "myst_parser": "make docs", "furo": "make docs",
}  # fmt: skip
# What a study may need and most do not: extras of the package itself.
EXTRAS = tuple(set(PROJECT["optional-dependencies"]) - {"tests", "bench", "docs"})
# Not on every platform, so never at the top.
SOMEWHERE = {"resource", "fcntl"}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    """Distributions that pyproject names, as modules."""
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    names = [normal(re.match(r"[\w.-]+", line)[0]) for line in lines]
    extra = {"distributed"} & {name for line in lines for name in re.findall(r"\[(.*)\]", line)}
    return {MODULE.get(name, name) for name in names} | extra


def imports_of(node):
    """Modules that an import statement loads, the most exact last."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("importorskip", "import_module")):
        return [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return []


@cache
def foreign(folder):
    """Third-party modules that the Python files of a folder import -> a file that does."""
    ours = {path.stem for part in ("tests", "benchmarks", "docs") for path in (ROOT / part).rglob("*.py")}
    ours |= {path.name for path in (ROOT / "tests" / "cases").iterdir() if path.is_dir()}
    ours |= {"hotspot", "qgis", *sys.stdlib_module_names}  # cases/qgis_look.py is run by the Python that QGIS brings
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in imports_of(node):
                if module.split(".")[0] not in ours:
                    found.setdefault(module.split(".")[0], f"{folder}/{path.name}")
    return found


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("hotspot", EXTRAS), ("tests", ("tests",)), ("notebooks", ("tests",)), ("benchmarks", ("tests", "bench")),
     ("docs", ("tests", "docs"))],
)  # fmt: skip
def test_what_is_imported_is_declared(folder, extras):
    missing = {name: where for name, where in foreign(folder).items() if name not in declared(*extras)}
    assert not missing, f"imported but not in pyproject.toml: {missing}"


def test_what_is_declared_is_imported():
    used = set(UNIMPORTED).union(
        *(foreign(folder) for folder in ("hotspot", "tests", "benchmarks", "notebooks", "docs"))
    )
    idle = declared(*PROJECT["optional-dependencies"]) - used
    assert not idle, f"declared but imported nowhere: {sorted(idle)}; drop it, or say in UNIMPORTED what uses it"
    of_the_package = declared() - set(foreign("hotspot")) - UNIMPORTED.keys()
    assert not of_the_package, f"only tests, benchmarks or pages import {sorted(of_the_package)}: move it to an extra"


def test_constraints_name_every_dependency():
    pinned = {normal(line.split("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()[1:]}
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    assert {normal(re.match(r"[\w.-]+", line)[0]) for line in lines} <= pinned


# Imports inside functions: docs/design.md, "Imports".


def modules():
    """Every module of the package -> its tree."""
    paths = sorted((ROOT / "hotspot").rglob("*.py"))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths)
    return dict(zip(names, (ast.parse(path.read_text(encoding="utf-8")) for path in paths), strict=True))


def loaded_with(module, trees, seen):
    """What loading a module loads by the imports at the tops of files, our own followed through."""
    for statement in trees[module].body:
        for name in imports_of(statement):
            parts = name.split(".")
            for at in range(1, len(parts) + 1):
                part = ".".join(parts[:at])
                if part not in seen:
                    seen.add(part)
                    if part in trees and part != "hotspot":
                        loaded_with(part, trees, seen)
    return seen


def test_an_import_inside_a_function_saves_its_callers_something():
    """Never the standard library, never what the file has loaded anyway by its top."""
    trees, idle = modules(), defaultdict(list)
    for module, tree in trees.items():
        there = loaded_with(module, trees, {module})
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        late = {
            id(n): n for function in functions for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)
        }
        for node in late.values():
            name = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            exact = f"{name}.{node.names[0].name}"
            if isinstance(node, ast.ImportFrom) and (exact in trees or name == "scipy"):
                name = exact
            if name.split(".")[0] in sys.stdlib_module_names - SOMEWHERE:
                idle[module].append(f"line {node.lineno}: {name} is of the standard library")
            elif name in there:
                idle[module].append(f"line {node.lineno}: {name} is loaded by the file's own top")
    assert not idle, f"move these imports to the top: {dict(idle)}"
