"""The notice: what D10-D12, D15 and D20 ask for, its measures, its levels, and nothing claimed that is not known."""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pypdf
import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from hostile import PAYLOADS
from notice_case import HEAD, change, codes_of, edition, notice_case

from hotspot.publish.office.redaction import LEVELS
from hotspot.publish.office.warned.notice import addressees, notice, notice_docx
from hotspot.publish.office.warned.notice_pdf import notice_pdf
from hotspot.publish.office.warned.notices import write_notices
from hotspot.publish.tables.lists import published
from hotspot.rules.calendar import month_minus
from hotspot.study import Office, load_study
from hotspot.variables import DataError

MONTH = "2020-03"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def case():
    return notice_case(name="某省生态环境厅", contact="张某，0000-0000000", copy_to=("某部办公厅",))


def made(case, stated=None, **asked):
    return notice(case.study, MONTH, case, stated or edition(), **asked)


def said(context, head=None):
    """The text of a section, or of all of them."""
    chosen = [s for s in context["sections"] if head is None or head in s["head"]]
    return "\n".join(text for section in chosen for text in section["paragraphs"])


def pdf_text(data):
    """The characters of a PDF; it breaks lines where it likes."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages))


def docx_text(data):
    """Every text of a DOCX body, its tables included, without white space."""
    return re.sub(
        r"\s", "", "".join(part.text or "" for part in Document(io.BytesIO(data)).element.body.iter(qn("w:t")))
    )


def strings(value):
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    return [text for part in value for text in strings(part)] if isinstance(value, list) else [str(value)]


def test_d20_number_basis_addressees_and_date(case):
    context = made(case)
    assert context["number"] == "〔2020〕　　号" and context["title"] == "关于印发2020年3月PM2.5热点网格预警名单的通知"
    assert context["addressees"] == "甲州市、乙川市生态环境局：" and "环办环监函〔2018〕293号" in context["lead"]
    assert context["edition"] == "初步结果，第1版" and context["date"] == "年　　月　　日"
    assert HEAD in "".join(context["foot"]) and "0a1b2c3d" in "".join(context["foot"])
    text = said(context, "工作要求")
    assert "24小时内上报" in text and "5个工作日内" in text and "30日内" in text and "张某，0000-0000000" in text


def test_what_was_ranked_adds_up(case):
    text = said(made(case), "评估情况")
    listed = case.warned
    assert f"热点网格{len(case.hot)}个" in text and f"{listed['cell'].nunique()}个网格列入" in text
    for reason, words in (
        ("highest", "浓度最高"),
        ("year_on_year", "同比去年改善最差"),
        ("month_on_month", "环比上月改善最差"),
    ):
        assert f"{words}{(listed['reason'] == reason).sum()}个" in text
    assert "与2019年3月相比" in text and "与2020年2月相比" in text and "资料截至2020年3月" in text
    assert "同比去年改善最差1个（no layer for 2019-03，1个）" in said(made(case), "未参加排名")


def test_data_that_nobody_named_are_said_to_be_so(case):
    bare = case.field.assign_attrs({"product": "", "source": "", "station_source": ""})
    text = said(made(type(case)(**(vars(case) | {"field": bare}))), "评估情况")
    assert "资料截至2020年3月，来源未说明（" in text


def test_without_the_month_before_nothing_is_claimed(case):
    """A ledger that begins here, or has a hole, knows nothing of two in a row."""
    older = {month_minus(MONTH, 2): tuple(codes_of(case))}
    for history, words in (({}, "没有本月以前11个月的名单"), (older, "没有上月（2020年2月）的名单")):
        text = said(made(case, edition(history=history)), "连续")
        assert words in text and "不作结论" in text and "无连续2次" not in text


def test_the_status_sentence_of_the_bulletin(case):
    """MEE, August 2018: no city has a cell that was warned twice in a row."""
    quiet = edition(history={"2020-02": ("XX0000X",)})
    assert "目前各城市均无连续2次预警的热点网格。" in said(made(case, quiet), "连续")
    assert "目前你市无连续2次预警的热点网格。" in said(made(case, quiet, level="city", city="甲州市"), "连续")
    empty = edition(history={"2020-02": ()})  # published, and nobody was warned
    assert "目前各城市均无连续2次预警的热点网格。" in said(made(case, empty), "连续")
    full = edition(history={month_minus(MONTH, n): () for n in range(1, 12)})
    assert "台账有名单" not in said(made(case, full)) and "台账有名单的1个月" in said(made(case, quiet))


def test_history_after_the_month_is_not_counted(case):
    cell = codes_of(case)[0]
    later = edition(history={"2020-02": (), "2020-04": (cell,), "2020-05": (cell,)})
    assert "无连续2次" in said(made(case, later), "连续")


def test_confidence_is_told_as_it_is(case):
    clear = case.warned.groupby("cell")["distinguishable"].any()
    text = said(made(case), "把握")
    assert f"可与邻近名次区分的{clear.sum()}个" in text and f"不可区分的{(~clear).sum()}个" in text
    unknown = vars(case) | {"warned": case.warned.assign(distinguishable=None)}
    assert f"{len(clear)}个网格资料不足" in said(made(type(case)(**unknown)), "把握")


def test_a_month_without_warnings_is_a_notice_too(case):
    none = type(case)(**(vars(case) | {"warned": case.warned.iloc[:0]}))
    context = made(none)
    assert "没有网格列入预警名单" in said(context) and [annex["kind"] for annex in context["annexes"]] == ["list"]
    assert (
        pdf_text(notice_pdf(context)).count("本月没有预警网格")
        == docx_text(notice_docx(context)).count("本月没有预警网格")
        == 2
    )


def test_reasons_that_differ_in_a_number_stand_together(case):
    rows = [
        [MONTH, "甲州市", f"C{k}", "highest", f"0.{k} of the cell is covered, at least 0.5 is needed"]
        for k in range(1, 4)
    ]
    rows += [[MONTH, "乙川市", "C9", "highest", "no value"]]
    more = type(case)(**(vars(case) | {"not_ranked": pd.DataFrame(rows, columns=case.not_ranked.columns)}))
    text = said(made(more), "未参加排名")
    assert "浓度最高4个（例如：网格面积只覆盖0.1，至少须0.5，3个；无数据，1个）" in text


def test_a_correction_says_what_it_replaces_and_what_changed(case):
    first, second = ({"rank": 2, "pm25": 60.1, "change": -1.5}, {"rank": 1, "pm25": 66.0, "change": 4.25})
    changes = (
        change(case, 0, "changed", first, second), change(case, 1, "added", None, second),
        change(case, 4, "removed", first, None),
    )  # fmt: skip
    context = made(case, edition(revision=2, replaces=1, changes=changes))
    assert context["title"] == "关于更正2020年3月PM2.5热点网格预警名单的通知"
    assert context["edition"].endswith("第2版（修订），替代第1版")
    assert "替代第1版" in said(context, "更正说明") and "新增1条、撤销1条、更正1条" in said(context, "更正说明")
    rows = context["annexes"][-1]["rows"]
    assert [row["what"] for row in rows] == ["更正", "新增", "撤销"]
    assert rows[0]["before"] == "第2名，月均60.1，变化-1.5" and rows[0]["now"] == "第1名，月均66.0，变化+4.2"
    assert rows[1]["before"] == rows[2]["now"] == "不在名单"
    for text in (pdf_text(notice_pdf(context)), docx_text(notice_docx(context))):
        assert "更正对照" in text and "第2名，月均60.1，变化-1.5" in text and "不在名单" in text
    public = made(case, edition(revision=2, replaces=1, changes=changes), level="public")
    assert public["title"] == "2020年3月PM2.5热点网格预警名单（更正）"
    assert all(set(row) == {"city", "code", "reason", "what"} for row in public["annexes"][-1]["rows"])
    same = made(case, edition(revision=2, replaces=1))
    assert "名单内容与被替代的名单相同" in said(same) and "更正对照" not in "".join(strings(same))


def test_a_draft_says_so(case):
    context = made(case, edition(state="draft", revision=0, head=""))
    assert "草稿，未入台账，不得印发" in pdf_text(notice_pdf(context)) and "未入台账" in context["foot"][1]


def test_docx_and_pdf_print_the_same_texts(case):
    added = change(case, 0, "added", None, {"rank": 1, "pm25": 66.0, "change": None})
    past = {"2020-02": (codes_of(case)[0],)}
    context = made(case, edition(history=past, revision=2, replaces=1, changes=(added,)))
    names = ("list_heads", "list_columns", "internal_heads", "internal_columns", "change_heads", "change_columns",
             "level", "level_zh", "state", "title")  # fmt: skip
    shown = [text for name, part in context.items() if name not in names for text in strings(part)]
    kinds = {annex["kind"] for annex in context["annexes"]}
    docx, pdf = docx_text(notice_docx(context)), pdf_text(notice_pdf(context))
    for text in {re.sub(r"\s", "", text) for text in shown} - kinds:
        assert text in docx and text in pdf, text
    for head in context["list_heads"] + context["internal_heads"] + context["change_heads"]:
        assert head.replace("\n", "") in docx and head.replace("\n", "") in pdf, head
    assert "{{" not in docx and "{%" not in docx


def test_a_city_reads_of_itself_alone(case):
    mine, theirs = codes_of(case, "甲州市"), codes_of(case, "乙川市")
    changes = tuple(change(case, n, "added", None, {"rank": 1, "pm25": 1.0}) for n in range(5))
    both = edition(history={"2020-02": (*mine, *theirs)}, revision=2, replaces=1, changes=changes)
    context = made(case, both, level="city", city="甲州市")
    whole = "".join(strings(context))
    assert context["addressees"] == "甲州市生态环境局：" and "乙川市" not in whole
    assert all(code in whole for code in mine) and not any(code in whole for code in theirs)
    other = made(case, both, level="city", city="乙川市")
    assert not any(code in "".join(strings(other)) for code in mine)


def test_d25_public_files_hold_the_four_columns_and_no_more(case, tmp_path):
    """No enterprise, no internal column, no probability, no value anywhere in what is public."""
    stated = edition(history={"2020-02": tuple(codes_of(case))}, revision=2, replaces=1,
                     changes=(change(case, 0, "changed", {"rank": 7, "pm25": 61.3, "change": 0.7},
                                     {"rank": 1, "pm25": 66.6, "change": 4.2}),))  # fmt: skip
    write_notices(tmp_path, case.study, MONTH, case, stated)
    assert sorted(path.name for path in (tmp_path / "public").iterdir()) == ["list.csv", "notice.pdf"]
    with open(tmp_path / "public" / "list.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["预警网格编号", "所属县（区、市）", "位置坐标", "预警原因"]
    assert [row[0] for row in rows[1:]] == [*codes_of(case, "甲州市"), *codes_of(case, "乙川市")]
    pdf = pdf_text((tmp_path / "public" / "notice.pdf").read_bytes())
    public = pdf + re.sub(r"\s", "", (tmp_path / "public" / "list.csv").read_text(encoding="utf-8"))
    assert all(code in pdf for code in codes_of(case)) and HEAD in pdf
    for name in (*case.facilities["name"], *case.facilities["facility"]):
        assert name not in public, name
    for word in (
        "入选",
        "名次",
        "区间",
        "不可区分",
        "概率",
        "变化",
        "有效",
        "0.82",
        "82%",
        "0.41",
        *case.warned["township"],
    ):
        assert word not in public, word
    numbers = published(case.warned, 1)
    for value in (*numbers["pm25"], *numbers["previous"].dropna(), 61.3, 66.6):
        assert f"{value:.1f}" not in public, value
    internal = pdf_text((tmp_path / "notice.pdf").read_bytes())
    assert f"{numbers['pm25'][0]:.1f}" in internal and "入选概率" in internal, "the words looked for do exist elsewhere"


def test_levels_are_data(case):
    assert LEVELS["public"].internal == () and not {"before", "now"} & set(LEVELS["public"].changes)
    with pytest.raises(DataError, match="public, city, internal"):
        made(case, level="secret")


def test_measures_of_gb_9704_in_the_docx(case):
    document = Document(io.BytesIO(notice_docx(made(case))))
    page = document.sections[0]
    assert [round(v / Mm(1)) for v in (page.page_width, page.page_height)] == [210, 297]
    assert [round(v / Mm(1)) for v in (page.top_margin, page.left_margin)] == [37, 28]
    block = (
        page.page_width - page.left_margin - page.right_margin,
        page.page_height - page.top_margin - page.bottom_margin,
    )
    assert [round(v / Mm(1)) for v in block] == [156, 225]
    normal = document.styles["Normal"].element.rPr
    size = int(normal.find(qn("w:sz")).get(qn("w:val"))) / 2
    pitch = size + int(normal.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert size == 16 and int(block[0] / 12700 / pitch) == 28, "28 characters of No. 3 on a line"
    lead = next(p for p in document.paragraphs if p.text.startswith("依据"))
    assert int(block[1] / lead.paragraph_format.line_spacing) == 22, "22 lines on a page"
    fonts = {element.get(qn("w:eastAsia")) for element in document.element.body.iter(qn("w:rFonts"))}
    assert {"仿宋_GB2312", "方正小标宋简体", "黑体"} <= fonts
    heading = next(p for p in document.paragraphs if p.text.startswith("关于"))
    assert heading.runs[0].font.size.pt == 22
    assert document.settings.odd_and_even_pages_header_footer
    for foot in (page.footer, page.even_page_footer):
        run = foot.paragraphs[0].runs[0]
        assert run.text == "— " and run.font.size.pt == 14 and "PAGE" in foot.paragraphs[0]._p.xml
    breaks = [p.text for p in document.paragraphs if p.paragraph_format.page_break_before]
    assert breaks == ["附件1", "附件2"]


def test_measures_of_gb_9704_in_the_pdf(case):
    reader = pypdf.PdfReader(io.BytesIO(notice_pdf(made(case) | {"lead": "字" * 3000})))
    assert [round(float(v) / 72 * 25.4) for v in reader.pages[0].mediabox[2:]] == [210, 297]
    lines = [line for line in reader.pages[1].extract_text().splitlines() if "字" in line]
    assert len(lines) == 22 and {len(line) for line in lines} == {28}
    heads = [page.extract_text().lstrip()[:3] for page in reader.pages]
    assert "附件1" in heads and "附件2" in heads, "each annex begins a page"
    assert all(f"—{n}—" in re.sub(r"\s", "", page.extract_text()) for n, page in enumerate(reader.pages, 1))


@pytest.mark.parametrize("lines", range(0, 22, 3))
def test_no_page_holds_a_signature_without_words_of_the_notice(case, lines):
    context = made(case)
    context = context | {"lead": context["lead"] + "字" * 28 * lines}
    last = re.sub(r"\s", "", context["sections"][-1]["paragraphs"][-1])
    pages = [re.sub(r"\s", "", p.extract_text()) for p in pypdf.PdfReader(io.BytesIO(notice_pdf(context))).pages]
    (signed,) = (text for text in pages if "年月日" in text)
    assert last in signed and "联系方式" in signed and "附件：1．" in signed


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_case_102_hostile_names_are_inert(name, tmp_path):
    case = notice_case(word=PAYLOADS[name], name=PAYLOADS[name], contact=PAYLOADS[name], copy_to=(PAYLOADS[name],))
    context = made(case)
    docx = notice_docx(context)
    assert "<script>" not in Document(io.BytesIO(docx)).element.xml and docx_text(docx)
    mark = {"template": "${7*7}{{7*7}}", "typst": '#eval("1+1")#panic("x")$x^2$*b*_i_<label>@ref', "script": "alert(1)"}
    text = pdf_text(notice_pdf(context))
    if name in mark:
        assert mark[name] in text and mark[name] in docx_text(docx), "printed as it came"
    from hotspot.publish.office.warned.notices import _public_list

    rows = _public_list(tmp_path / "list.csv", made(case, level="public")).read_text(encoding="utf-8").splitlines()
    assert all(row[0] not in "=+-@" and not re.search(r'(^|,)"?[=+\-@\t]', row) for row in rows)


def test_the_same_notice_is_the_same_bytes(case, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_notices(tmp_path / name, case.study, MONTH, case, edition())
    one, two = (
        {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (tmp_path / "a", tmp_path / "b")
    )
    assert one == two and set(one) == {
        "notice.docx", "notice.pdf", "public/list.csv", "public/notice.pdf", "packages/410100.zip",
        "packages/410200.zip",
    }  # fmt: skip


def test_the_office_owns_the_template(case, tmp_path):
    own = Document()
    own.add_paragraph("{{ office }} {{ title }} {{ nowhere }}")
    own.save(str(tmp_path / "own.docx"))
    assert "某省生态环境厅关于印发" in docx_text(notice_docx(made(case), tmp_path / "own.docx"))
    Document().save(str(tmp_path / "broken.docx"))
    broken = Document()
    broken.add_paragraph("{{ office ")
    broken.save(str(tmp_path / "broken.docx"))
    (tmp_path / "text.docx").write_text("no zip", encoding="utf-8")
    for name in ("broken.docx", "text.docx", "absent.docx"):
        with pytest.raises(DataError, match=name):
            notice_docx(made(case), tmp_path / name)


@pytest.mark.parametrize("name", ["notice.docx", "letter.docx"])
def test_the_wheel_carries_the_offices_masters(name):
    master = ROOT / "maps" / "templates" / name
    assert master.read_bytes() == (ROOT / "hotspot" / "publish" / "templates" / name).read_bytes(), (
        "copy one to the other"
    )


def test_the_readme_names_every_mark(case):
    page = (ROOT / "maps" / "templates" / "README.md").read_text(encoding="utf-8")
    internal = {
        "level",
        "list_heads",
        "list_columns",
        "internal_heads",
        "internal_columns",
        "change_heads",
        "change_columns",
    }
    for name in set(made(case)) - internal:
        assert f"`{name}`" in page, name


def test_the_number_field_is_the_offices(tmp_path):
    study = (ROOT / "data" / "studies" / "wuhan-2020.toml").read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    path.write_text(study + '\n[office]\nnumber = "武环函〔{year}〕{day}号"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"office.number: .*\{year\} and \{month\}"):
        load_study(path, data=tmp_path)
    assert made(notice_case(number="武环函〔{year}〕{month}号"))["number"] == "武环函〔2020〕4号"
    assert Office().number == ""


def test_who_is_addressed_is_who_has_hotspot_cells(case):
    assert [city.file for city in addressees(case.study, case.hot)] == ["410100", "410200"]
    left = case.hot.assign(status=["exited" if city == "乙川市" else "formal" for city in case.hot["city"]])
    assert [city.name for city in addressees(case.study, left)] == ["甲州市"]
    bare = type(case.study)(
        cells=case.study.cells.assign_coords(city_code=("cell", [""] * case.study.cells.sizes["cell"]))
    )
    assert [city.file for city in addressees(bare, case.hot)] == ["city01", "city02"]
