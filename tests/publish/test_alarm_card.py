"""The card of an alarm: read back from its PDF, its QR codes decoded, the same bytes, hostile names inert."""

import io

import numpy as np
import pandas as pd
import pypdf
import pytest
from hostile import PAYLOADS

from hotspot.ledger.answers.past import CellPast
from hotspot.publish.maps.borders import Borders
from hotspot.publish.paper.alarm_card import PHONE_PX, Card, card_data, clock_zh, render, wind_zh, write_cards
from hotspot.rules.loop import Clocks
from hotspot.study_loop import Office
from hotspot.synthetic.study import synthetic_month


@pytest.fixture(scope="module")
def study():
    return synthetic_month(size="small").study


def make(study, *, sources=2, name="示范水泥厂", **past):
    cells = study.cells.isel(cell=20)
    code = str(cells["cell"].values)
    alarm = {
        "alarm": f"A2025120502-{code}", "cell": code, "sub_cell": f"{code}-27", "hours": 4, "peak": 212.4, "ratio": 3.2,
        "start": pd.Timestamp("2025-12-05 02:00"), "end": pd.Timestamp("2025-12-05 06:00"), "label": "T85711",
        "lon": float(cells["lon"]), "lat": float(cells["lat"]), "county": str(cells["county"].values), "township": name,
    }  # fmt: skip
    hours = pd.DataFrame(
        {
            "time": pd.date_range("2025-12-05 00:00", periods=8, freq="h"),
            "pm25": [60.0, 70.0, 150.0, 212.4, 190.0, 160.0, np.nan, 60.0],
            "around": [55.0, 60.0, 60.0, 62.0, 65.0, 66.0, 65.0, 60.0],
            "speed": [1.0, 2.0, 2.0, 2.5, 0.2, 1.5, 3.0, np.nan],
            "direction": [10.0, 80.0, 90.0, 95.0, np.nan, 100.0, 180.0, np.nan],
            "inside": [False, False, True, True, True, True, False, False],
        }
    )
    x, y = (float(v) for v in study.grid.centre(*study.grid.parse(code)))
    near = [
        {"name": f"{name}{n}", "class_zh": "水泥企业", "away_zh": "东 0.8 km", "where_zh": "21", "word_zh": "约占45%",
         "x": x + 300 * n, "y": y, "symbol": "square"}
        for n in range(sources)
    ]  # fmt: skip
    nothing = dict.fromkeys(("alarms", "recurring", "findings", "open", "warned", "photos"), ())
    behind = CellPast(code, **(nothing | past))
    return Card(alarm, hours, {27: 212.4, 3: 80.0}, near, behind, "顺序按报警时段的风推算。")


def text_of(pdf):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).replace(" ", "")


def test_everything_a_team_needs_is_on_one_page(study, tmp_path):
    card = make(study, alarms=(("2025-12-01T04:00", "X-27", 3),))
    pdf, picture = write_cards(tmp_path, [card], study=study)
    assert (pdf.name, picture.name) == (f"{card.alarm['alarm']}.pdf", f"{card.alarm['alarm']}.png")
    assert len(pypdf.PdfReader(pdf).pages) == 1
    text = text_of(pdf.read_bytes())
    for said in (card.alarm["sub_cell"], "T85711", "2025-12-0502时至06时", "212", "示范水泥厂0", "裸土地"):
        assert said in text, said
    for said in ("近一年报警1次", "收到后24小时内反馈", "报警4小时内：东风3小时", "静风1小时"):
        assert said in text, said
    first = (pdf.read_bytes(), picture.read_bytes())
    write_cards(tmp_path, [card], study=study)
    assert (pdf.read_bytes(), picture.read_bytes()) == first


def alarm_code(picture):
    """What the QR code in the lower left corner of a card says."""
    cv2 = pytest.importorskip("cv2", reason="opencv reads the QR codes")
    image = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), 1)
    assert abs(image.shape[1] - PHONE_PX) <= 1
    corner = image[int(0.85 * image.shape[0]) :, : image.shape[1] // 4]
    return cv2.QRCodeDetector().detectAndDecode(cv2.resize(corner, None, fx=3, fy=3))[0]


def test_the_picture_is_as_wide_as_a_phone_and_its_codes_are_read(study, tmp_path):
    card = make(study)
    assert alarm_code(write_cards(tmp_path, [card], study=study)[1]) == card.alarm["alarm"]


def test_the_code_leads_to_the_office_s_own_form(study, tmp_path):
    own = study.model_copy(update={"office": Office(form_url="https://desk.gov.cn/alarms/{alarm}?m={month}")})
    card = make(study)
    pdf, picture = write_cards(tmp_path, [card], study=own)
    assert alarm_code(picture) == f"https://desk.gov.cn/alarms/{card.alarm['alarm']}?m=2025-12"
    assert "扫码填报" in text_of(pdf.read_bytes())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://x/{cell.x}", "ftp://x/{alarm}"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="give an address like https"):
        Office(form_url=url)


def test_c10_a_cell_without_any_source_is_no_empty_card(study):
    text = text_of(
        render(card_data(make(study, sources=0), study=study, borders=Borders(study.grid, study.boundaries)))
    )
    assert "没有登记的污染源" in text and "露天矿山" in text and "近一年没有报警" in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_hostile_name_is_only_printed(study, name):
    data = card_data(make(study, name=name), study=study, borders=Borders(study.grid, study.boundaries))
    assert len(pypdf.PdfReader(io.BytesIO(render(data))).pages) == 1


def test_wind_and_clock_in_words(study):
    hours = make(study).hours
    assert wind_zh(hours.assign(speed=np.nan, direction=np.nan)).startswith("报警时段没有风的资料")
    assert clock_zh(Clocks(start="push")) == "推送后24小时内反馈"
