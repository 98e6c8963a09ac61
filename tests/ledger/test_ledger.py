"""The ledger: same again is no entry, every tampering is named, two writers queue, feedback is checked."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hotspot.ledger.answers.feedback import effective_feedback, record_feedback
from hotspot.ledger.chain.postgres import split_url
from hotspot.ledger.chain.storage import SCHEMA
from hotspot.ledger.chain.store import START, entry_hash, open_ledger
from hotspot.variables import DataError


@pytest.fixture
def path(ledger_place):
    """Every test that takes it runs on a file and on PostgreSQL."""
    return ledger_place


@pytest.fixture
def file(tmp_path):
    return tmp_path / "ledger.sqlite"


def filled(path, n=5):
    with open_ledger(path) as ledger:
        for number in range(1, n + 1):
            ledger.append("month", f"2020-{number:02d}", {"warned": [["A", "highest"]], "n": number})
        return ledger.head


def tamper(path, *statements):
    """What somebody with a database tool could do: the triggers are dropped first."""
    connection, triggers = raw(path)
    for trigger in triggers:
        connection.execute(trigger)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def raw(path):
    """A connection past the program, and what takes the triggers off."""
    if isinstance(path, Path):
        return sqlite3.connect(path), ["drop trigger entry_is_not_changed", "drop trigger entry_is_not_removed"]
    import psycopg

    plain, study, _ = split_url(path)
    return psycopg.connect(plain, options=f"-csearch_path={study}"), ["drop trigger entry_is_not_changed on entry"]


def verify(path, head=None):
    with open_ledger(path) as ledger:
        return ledger.verify(head=head)


def test_entries_are_chained(path):
    head = filled(path)
    with open_ledger(path) as ledger:
        entries = ledger.entries()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous == START and entries[-1].hash == head
    assert [e.previous for e in entries[1:]] == [e.hash for e in entries[:-1]]
    assert verify(path, head) == 5


def test_f8_the_same_again_is_no_entry_and_f9_a_change_is_a_revision(path):
    with open_ledger(path) as ledger:
        first = ledger.append("month", "2020-02", {"b": 1, "a": [1, 2]})
        again = ledger.append("month", "2020-02", {"a": [1, 2], "b": 1})
        other = ledger.append("month", "2020-02", {"a": [1, 3], "b": 1})
        back = ledger.append("month", "2020-02", {"a": [1, 2], "b": 1})
        assert first == again and (other.seq, back.seq) == (2, 3)
        assert ledger.heads()["month", "2020-02"] == back
        assert len(ledger.entries("month", "2020-02")) == 3 and ledger.entries("alarm") == []


def test_f10_same_months_same_hashes(tmp_path):
    """No clock, no machine: two ledgers of the same entries end in the same head."""
    assert filled(tmp_path / "one.sqlite") == filled(tmp_path / "two.sqlite")


def test_f25_an_altered_entry_is_named(path):
    filled(path)
    tamper(path, "update entry set body = replace(body, 'highest', 'lowest') where seq = 3")
    with pytest.raises(DataError, match=r"entry 3 .*2020-03.* was altered"):
        verify(path)


def test_f25_a_removed_entry_is_named(path):
    filled(path)
    tamper(path, "delete from entry where seq = 2")
    with pytest.raises(DataError, match=r"entry 2 is missing"):
        verify(path)


def test_f25_reordered_entries_are_named(path):
    filled(path)
    tamper(
        path,
        "update entry set seq = 99 where seq = 2",
        "update entry set seq = 2 where seq = 3",
        "update entry set seq = 3 where seq = 99",
    )
    with pytest.raises(DataError, match=r"entry 2 .* does not follow"):
        verify(path)


def test_f25_an_entry_forged_with_its_own_hash_breaks_the_next(path):
    filled(path)
    with open_ledger(path) as ledger:
        old = ledger.entries()[2]
    forged = entry_hash(3, old.kind, old.month, "{}", old.previous)
    tamper(path, f"update entry set body = '{{}}', hash = '{forged}' where seq = 3")
    with pytest.raises(DataError, match=r"entry 4 .* does not follow"):
        verify(path)


def test_f26_a_cut_end_is_found_by_the_printed_head(path):
    head = filled(path)
    tamper(path, "delete from entry where seq = 5")
    assert verify(path) == 4  # by itself the shorter chain is whole
    with pytest.raises(DataError, match="not among its 4 entries"):
        verify(path, head)


def test_entries_cannot_be_changed_or_removed_by_sql(path):
    filled(path)
    connection, _ = raw(path)
    for statement in ("update entry set body = '{}'", "delete from entry"):
        with pytest.raises(Exception, match="append-only"):
            connection.execute(statement)
        connection.rollback()
    connection.close()
    assert verify(path) == 5


def test_f6_two_publishers_queue(path):
    """Four processes append ten entries each; none is lost and the chain is whole."""
    filled(path, 1)
    code = (
        "import sys; from hotspot.ledger.chain.store import open_ledger\n"
        "for n in range(10):\n"
        "    with open_ledger(sys.argv[1]) as ledger:\n"
        "        ledger.append('test', '2020-01', {'who': sys.argv[2], 'n': n})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), str(who)]) for who in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert verify(path) == 41


def test_f24_a_damaged_file_is_refused(file):
    filled(file, 60)
    content = bytearray(file.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged|malformed|restore"):
        verify(file)


def test_what_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "text").write_text("not a database, but long enough to look at" * 50, encoding="utf-8")
    with pytest.raises(DataError, match="no ledger"), open_ledger(tmp_path / "text"):
        pass
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("create table stations (id text)")
    other.commit()
    other.close()
    with pytest.raises(DataError, match="no ledger"), open_ledger(tmp_path / "other.sqlite"):
        pass
    with pytest.raises(DataError, match="rights"), open_ledger(tmp_path / "nowhere" / "ledger.sqlite"):
        pass


def test_f29_a_newer_ledger_is_refused(path):
    filled(path)
    connection, _ = raw(path)
    version = SCHEMA + 1
    connection.execute(
        f"pragma user_version = {version}"
        if isinstance(path, Path)
        else f"update ledger_schema set version = {version}"
    )
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match="newer program"), open_ledger(path):
        pass


def test_nan_is_no_body(path):
    with open_ledger(path) as ledger:
        with pytest.raises(ValueError, match="JSON"):
            ledger.append("month", "2020-02", {"pm25": float("nan")})
        assert ledger.entries() == []


# Feedback


VISIT = {"month": "2020-02", "cell": "A", "time": "2020-03-05T10:00", "by": "王", "text": "裸土未苫盖"}
ALARM = {"alarm": "a1", "cell": "A", "time": "2020-02-10T08:00"}


@pytest.fixture
def ledger(path):
    with open_ledger(path) as opened:
        opened.append("month", "2020-02", {"warned": [["A", "highest"], ["B", "month_on_month"]]})
        opened.append("alarm", "2020-02", ALARM)
        yield opened


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cell": "C"}, "cell C was not warned in 2020-02"),
        ({"month": "2020-01"}, "no list of 2020-01 was published"),
        ({"month": "2020-13"}, "'2020-13' is no month; write it like 2020-02."),
        ({"time": "2020-02-29T23:00"}, "the visit 2020-02-29T23:00 is before the warned month was over"),
        ({"time": "yesterday-ish"}, None),
        ({"time": "2020-03-05T10:00+08:00"}, None),
        ({"by": " "}, "by is missing"),
        ({"text": None}, "text is missing"),
        ({"alarm": "a2"}, "alarm a2 does not exist"),
        ({"alarm": "a1", "cell": "B"}, "alarm a1 is of cell A"),
        (
            {"alarm": "a1", "time": "2020-02-10T07:59"},
            "the visit 2020-02-10T07:59 is before the alarm 2020-02-10T08:00",
        ),
    ],
)
def test_105_doubtful_feedback_is_set_aside_with_its_reason(ledger, change, why):
    report = record_feedback(ledger, [VISIT | change])
    assert report["state"].tolist() == ["quarantined"] and report["why"][0]
    assert why is None or report["why"][0] == why
    assert ledger.entries("feedback") == []


def test_106_two_persons_are_both_kept_and_the_latest_is_effective(ledger):
    second = VISIT | {"by": "李", "text": "已苫盖", "time": "2020-03-06T09:00"}
    report = record_feedback(ledger, [second, VISIT, VISIT, VISIT | {"alarm": "a1", "time": "2020-02-10T09:00"}])
    assert report["state"].tolist() == ["recorded", "recorded", "repeated", "recorded"]
    table = effective_feedback(ledger)
    assert table["by"].tolist() == ["李", "王", "王"]
    assert table["effective"].tolist() == [True, False, True]  # an alarm's answer stands apart
    assert ledger.verify() == 5


def test_three_problems_of_one_form_are_three_that_stand(ledger):
    rows = [VISIT | {"problem": name} for name in ("bare_soil", "dumping", "物料堆场")]
    assert record_feedback(ledger, rows)["state"].tolist() == ["recorded"] * 3
    later = VISIT | {"problem": "bare_soil", "time": "2020-03-09T10:00", "text": "已苫盖"}
    elsewhere = VISIT | {"problem": "bare_soil", "sub_cell": "A-27"}
    record_feedback(ledger, [later, elsewhere, VISIT | {"alarm": "a1", "time": "2020-02-10T09:00"}])
    table = effective_feedback(ledger)
    assert table["problem"].tolist() == ["bare_soil", "dumping", "stockpile", "bare_soil", "bare_soil", ""]
    assert table["effective"].tolist() == [False, True, True, True, True, True]


def test_a_time_written_otherwise_stands_as_the_ledger_writes_it_and_is_the_same_visit(ledger):
    """By its text a month is told and a visit shown; what came before in another writing is not entered again."""
    rows = [VISIT | {"time": time} for time in ("2020/3/5 2:05 PM", "2020-03-05T14:05", "2020/3/5 14:05")]
    assert record_feedback(ledger, rows)["state"].tolist() == ["recorded", "repeated", "repeated"]
    assert ledger.entries("feedback")[-1].body["time"] == "2020-03-05T14:05"
    ledger.append("feedback", "2020-02", VISIT | {"time": "2020/3/6 9:05"})  # as an earlier program wrote it
    assert record_feedback(ledger, [VISIT | {"time": "2020/3/6 9:05"}])["state"].tolist() == ["repeated"]
    (odd,) = record_feedback(ledger, [VISIT | {"time": "03/04/2020 9:05"}])["why"]
    assert odd == "time '03/04/2020 9:05' is no local time; write it like 2020-03-05T10:00"


def test_a_problem_of_no_vocabulary_is_set_aside(ledger):
    (row,) = record_feedback(ledger, [VISIT | {"problem": "没有这个类型"}]).itertuples()
    assert row.state == "quarantined" and row.why.startswith("problem '没有这个类型' is none of VOCs")


def test_an_answer_counts_in_the_month_of_its_alarm(ledger):
    answer = VISIT | {"alarm": "a1", "month": "2019-01", "time": "2020-02-10T09:00"}
    assert record_feedback(ledger, [answer])["month"].tolist() == ["2020-02"]
    assert [entry.month for entry in ledger.entries("feedback")] == ["2020-02"]
