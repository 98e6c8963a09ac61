"""The handbook (D22): made from the profile, 12 to 16 pages, every number in it the profile's own."""

import io

import pytest
from pypdf import PdfReader

from hotspot.publish.office.paper import Grid, Head, paper_docx, paper_pdf
from hotspot.publish.office.periods.handbook import handbook
from hotspot.rules.classes import source_classes
from hotspot.study import load_study


@pytest.fixture(scope="module")
def studies(small_study):
    file = small_study
    text = file.read_text(encoding="utf-8")
    found = {}
    for name in ("mee-2018", "changji-2023"):
        path = file.with_name(f"{name}.toml")
        path.write_text(f'profile = "{name}"\n{text}', encoding="utf-8")
        found[name] = load_study(path)
    return found


def said(paper):
    texts = []
    for block in paper.blocks:
        if isinstance(block, Grid):
            texts += [" ".join(row) for row in block.rows]
        else:
            texts.append(block if isinstance(block, str) else getattr(block, "text", ""))
    return "\n".join(texts)


def test_d22_it_says_what_the_profile_says(studies):
    ministry, changji = (said(handbook(studies[name])) for name in ("mee-2018", "changji-2023"))
    assert "收到后24小时内按报警编号反馈" in ministry and "1小时内反馈现场情况" not in ministry
    assert "1小时内反馈现场情况" in changji and "2小时内上报处置结果" in changji
    other = studies["mee-2018"].with_criteria(escalation={"consecutive": 4}, clocks={"answer_hours": 12})
    changed = said(handbook(other))
    assert "连续预警4次" in changed and "收到后12小时内" in changed and "连续预警3次" not in changed
    heads = [
        block.text for block in handbook(studies["mee-2018"]).blocks if isinstance(block, Head) and block.level == 1
    ]
    assert [head[0] for head in heads][:4] == list("一二三四") and heads[10].startswith("十一、")
    assert all(kind.zh in ministry and item.zh in ministry for kind in source_classes().values() for item in kind.items)


def test_d22_twelve_to_sixteen_pages_and_the_same_bytes(studies):
    paper = handbook(studies["changji-2023"])
    pdf = paper_pdf(paper)
    assert pdf == paper_pdf(paper) and paper_docx(paper) == paper_docx(paper)
    assert 12 <= len(PdfReader(io.BytesIO(pdf)).pages) <= 16
