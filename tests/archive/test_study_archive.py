"""What a study may say of an archive, and that no credential stands in it or is repeated."""

import pytest
from archive_case import Beside
from shell import run

from hotspot.study import Study
from hotspot.variables import DataError

SECRET = "wJalrXUtnFEMI"


@pytest.fixture
def beside(tmp_path, written_study):
    return Beside(tmp_path, written_study)


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/pm25",
        "https://host:8443/pm25/daily/",
        "gs://bucket",
        "az://container/pm25",
        "abfs://container@account.dfs.core.windows.net/pm25",
        "file:///archive/pm25",
    ],
)
def test_addresses_that_are_taken(beside, url):
    beside.declare(url)
    assert beside.study().archive[0].url == url


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@host/pm25",
        f"https://{SECRET}@host/pm25",
        f"s3://{SECRET}:{SECRET}@bucket/pm25",
        f"abfs://me:{SECRET}@account/pm25",
        f"https://host/pm25?X-Amz-Signature={SECRET}",
        f"https://host/pm25#{SECRET}",
        f"https://host:{SECRET}/pm25",
        f"simplecache::s3://{SECRET}",
        f"{SECRET}",
        f"https://ho st/{SECRET}",
        f"https://host/\\u202e{SECRET}",
    ],
)
def test_an_address_that_may_hold_a_secret_is_refused_without_repeating_it(beside, url, capfd):
    beside.declare(url)
    with pytest.raises(DataError, match=r"archive\.0\.url: ") as refused:
        beside.study()
    run("fetch", "--study", beside.path, code=1)
    assert SECRET not in str(refused.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f'endpoint = "http://me:{SECRET}@host:9000"', "a user or a password"),
        (f'endpoint = "http://host:9000?{SECRET}"', "a signature or a token"),
        (f'endpoint = "{SECRET}:9000"', "give the address of a server"),
        (f'secret = "{SECRET}"', "there is no such setting"),
        (f'anonymous = "{SECRET}"', "anonymous"),
        (f'silent_s = "{SECRET}"', "silent_s"),
    ],
)
def test_no_setting_of_an_archive_is_repeated(beside, line, why):
    beside.declare("s3://bucket/pm25", line)
    with pytest.raises(DataError, match=why) as refused:
        beside.study()
    assert SECRET not in str(refused.value)


def test_an_endpoint_is_for_s3_alone(beside):
    beside.declare("s3://bucket/pm25", 'endpoint = "http://127.0.0.1:9000"')
    assert beside.study().archive[0].endpoint == "http://127.0.0.1:9000"
    beside.declare("https://host/pm25", 'endpoint = "http://127.0.0.1:9000"')
    with pytest.raises(DataError, match="endpoint is for s3:// alone"):
        beside.study()


@pytest.mark.parametrize("pattern", ["../*.tif", "/*.tif", "2025/**", "a//b.tif", "s3://other/*", "a\\\\*.tif"])
def test_a_pattern_that_leaves_the_url_is_refused(beside, pattern):
    beside.declare("s3://bucket/pm25", files=f'["{pattern}"]')
    with pytest.raises(DataError, match="patterns lie below the url and end in a file"):
        beside.study()


@pytest.mark.parametrize("into", ["..", "/elsewhere", "a/../../b"])
def test_a_folder_outside_the_data_folder_is_refused(beside, into):
    beside.lay()
    text = beside.path.read_text(encoding="utf-8").replace('into = "satellite"', f'into = "{into}"')
    beside.path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="leaves the data folder"):
        beside.fetch()
    assert beside.here() == {}


def test_how_files_came_is_nothing_a_month_hangs_on(beside):
    """Neither a manifest nor the hash of a level that was learned knows the archive."""
    assert "archive" not in beside.study().model_dump(mode="json")
    assert "archive" in Study.model_json_schema()["properties"]
