"""What `explain` says where something was not delivered."""

from types import SimpleNamespace

import pytest

from hotspot.rules.pollutants import PM25
from hotspot.workflows.monthly.explain import _sentences


@pytest.mark.parametrize(("error", "said"), [
    (4.24, "PM2.5 mean of 2025-12 is 71.8 +- 4.2 ug/m3, 100% of"),
    (None, "PM2.5 mean of 2025-12 is 71.8 ug/m3 (no error is stated), 100% of"),
])  # fmt: skip
def test_a_satellite_without_stations_or_a_stated_error_is_told_so(error, said):
    """It was a fault of the program: a product that states no error, and no station to tell it by."""
    month = {"valid": True, "n_valid": None, "coverage": 1.0, "pm25": 71.8, "pm25_error": error}
    answer = {
        "cell": "A", "months": {"2025-12": month}, "place": {"city": "甲市", "county": "乙区", "township": ""},
        "hotspot": [{"status": "screened", "since": "2025", "reason": "place 1"}], "warnings": [], "not_ranked": [],
        "weather": {"how": {"weather": "none: no weather", "level": "none: none"}, "level": None}, "sources": [],
        "past": [], "people": [], "hours": {},
    }  # fmt: skip
    warning = SimpleNamespace(decimals=1, k={})
    study = SimpleNamespace(named=str, pollutant=PM25, criteria=SimpleNamespace(warning=warning))
    assert any(said in line for line in _sentences(answer, SimpleNamespace(study=study), "2025-12"))
