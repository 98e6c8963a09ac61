"""What is asked twice here is worked out twice: a law compares two answers, no answer with itself."""

import pytest

from hotspot.sources.store import Store


@pytest.fixture(scope="module", autouse=True)
def nothing_is_remembered():
    """What no register holds is kept as long as the process lasts; here each question has a store of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hotspot.trace.unlisted.unregistered.store_of_process", Store)
        yield
