"""The desk takes a cell by its official label and prints both names."""

from desk_case import VILLAGE, Visitor, alarms_of


def test_a_cell_by_its_official_label(plain_desk, monkeypatch):
    name = alarms_of(plain_desk, "白鹿县")[0]
    cell = plain_desk.read().alarm(name)["cell"]
    monkeypatch.setitem(plain_desk.study.__dict__, "labelled", {cell: "T85711"})
    visitor, both = Visitor(plain_desk, VILLAGE), f"{cell} (T85711)"
    assert both in visitor.get("/cells/T85711").text and both in visitor.get(f"/alarms/{name}").text
    assert f'value="{cell}"' in visitor.get("/new/issue?cell=t85711").text
    found, text = (
        {"origin": "inspection", "found": "2025-12-30T08:00", "cell": "T85711", "problem": "vocs"},
        "按官方编号",
    )
    made = visitor.post("/new/issue", **found | {"text": text})
    assert made.status_code == 200 and both in made.text
    assert text in visitor.get("/ledger?word=T85711").text and text not in visitor.get("/ledger?word=T85712").text
