"""What is installed is whole: every file of the package is in the wheel, and the recipes name what pyproject names."""

import fnmatch
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# What the channel calls otherwise, and what it does not hold.
CHANNEL = {"h3": "h3-py", "typst": "typst-py", "brotli": "brotli-python", "matplotlib": "matplotlib-base"}
WHEELS = {"xstatic-leaflet", "pylopdf-fonts-zh-cn", "cvttf-notosanscjk-bold"}


def test_every_file_of_the_package_is_in_the_wheel():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["hotspot"]
    kept = [path for path in (ROOT / "hotspot").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [
        path.relative_to(ROOT / "hotspot").as_posix()
        for path in kept
        if path.suffix != ".py"
        and not any(fnmatch.fnmatch(path.relative_to(ROOT / "hotspot").as_posix(), pattern) for pattern in patterns)
    ]
    assert not missing, f"in no pattern of package-data, so in no wheel: {missing}"


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in (ROOT / "hotspot").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_the_conda_recipe_names_what_pyproject_names():
    recipe = (ROOT / "packaging/conda/meta.yaml").read_text(encoding="utf-8")
    run = set(re.findall(r"^    - (\S+ >=\S+)$", recipe.split("  run:\n")[1].split("\n\n")[0], re.M))
    wanted = {f"python {PROJECT['project']['requires-python']}"}
    for line in PROJECT["project"]["dependencies"]:
        name, extra, bounds = re.match(r"([\w.-]+)(\[\w+\])?(.*)", line).groups()
        if name.lower() not in WHEELS:
            wanted |= {f"{CHANNEL.get(name, name.lower())} {bounds}"} | ({f"distributed {bounds}"} if extra else set())
    assert run == wanted
    assert f'version: "{PROJECT["project"]["version"]}"' in recipe
    assert all(name in recipe.lower() for name in WHEELS)


def test_the_conda_recipe_is_yaml():
    """A colon in a text that stands bare ends it; no line of the recipe may need a second reading."""
    for line in (ROOT / "packaging/conda/meta.yaml").read_text(encoding="utf-8").splitlines():
        bare = "" if line.lstrip().startswith("#") else re.sub(r'^ *(- )?([a-z_]+:)? ?|"[^"]*"$', "", line)
        assert ": " not in bare, line


def test_the_container_copies_what_the_build_needs():
    lines = (ROOT / "packaging/Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    assert {"pyproject.toml", "constraints.txt", PROJECT["project"]["readme"], "hotspot"} <= copied
    assert all((ROOT / name).exists() for name in copied)
    assert any("apt-get install" in line and "libgomp1" in line for line in lines), "LightGBM does not load without"


def test_the_version_is_one():
    """A head ``in work`` stands above the one that is released."""
    version = PROJECT["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'\n  version: "{version}"\n' in (ROOT / "packaging/conda/meta.yaml").read_text(encoding="utf-8")
    heads = re.findall(r"^## (\S+?), (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    released = [number for number, when in heads if when != "in work"]
    assert released[0] == version and re.fullmatch(r"\d{4}-\d\d-\d\d", dict(heads)[version])
