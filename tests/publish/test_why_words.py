"""Every reason the rooms below can write has its Chinese words; stations alone are never called satellite."""

import re
from pathlib import Path

import pytest

from hotspot.publish.why_words import METHODS, data_sources, why_zh

ROOT = Path(__file__).resolve().parents[2] / "hotspot"
SAID = [
    ("2019-02: no satellite layer was delivered for 2019-02", "没有2019年2月的卫星资料"),
    ("no satellite layer was delivered for 2019-02, 2020-01, 2020-02", "没有2019年2月、2020年1月、2020年2月的卫星资料"),
    ("only yearly satellite layers were delivered", "只有年度卫星资料"),
    ("neither satellite nor stations were delivered", "没有卫星资料，也没有站点资料"),
    ("no station has 27 valid days; best has 25", "没有站点达到27个有效日，最多的只有25日"),
    ("only 4 stations have 27 valid days; a field needs 5", "达到27个有效日的站点只有4个，插值至少需要5个"),
    ("2016-10: no valid station within 50 km", "2016年10月：50公里内没有有效站点"),
    ("2020-01: 2020-01 had too few valid stations to be corrected, 2020-02 was corrected",
     "2020年1月有效站点过少，未能订正，2020年2月已订正，两月不可比"),
    ("2020-02: 40% of the cell is covered, at least 50% is needed", "2020年2月：网格面积只覆盖40%，至少须50%"),
    ("40% of the cell was seen on its days, at least 50% is needed", "有资料各日平均只观测到网格面积的40%，至少须50%"),
    ("9 days with data of 29, at least 10 are needed", "全月29日中有资料的9日，至少须10日"),
    ("25 valid days of 31, at least 27 are needed", "全月31日中有效的25日，至少须27日"),
    ("base of 3.2 ug/m3 is below 5, the rate is unstable; the change is 4.1 ug/m3",
     "比较基数3.2 μg/m³低于5，变化率不稳定；变化为4.1 μg/m³"),
    ("2018-08 and 2018-09 lie on two sides of 2018-09-01, when the reference state changed, and the data do "
     "not declare theirs; declare gas_state in the study",
     "2018年8月与2018年9月分处2018年9月1日（浓度状态改变）前后，资料未说明浓度状态，不可比"),
    ("2020-03: no value", "2020年3月：无数据"),
]  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), SAID)
def test_each_reason_is_said_in_chinese(english, chinese):
    assert why_zh(english) == chinese


def test_every_method_of_a_field_has_chinese_words():
    """The methods are read from the code that writes them, so that a new one is not forgotten."""
    written = set()
    for name in ("monthly", "from_stations"):
        text = (ROOT / "estimate" / "field" / f"{name}.py").read_text(encoding="utf-8")
        written |= set(re.findall(r'"(satellite (?:days|months|years)|ordinary kriging of stations)"', text))
    assert len(written) == 4
    assert written <= set(METHODS)
    assert {f"{name}, corrected by stations" for name in ("satellite days", "satellite months")} <= set(METHODS)


def test_a_source_is_named_once():
    assert data_sources({"product": "CHAP", "source": "Wei 2021"}) == ["CHAP", "Wei 2021"]
    assert data_sources({"product": "", "source": "City network", "station_source": "City network"}) == ["City network"]
    assert data_sources({}) == []
