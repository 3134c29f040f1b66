"""JSON and JUnit XML of a run."""

import json
import xml.etree.ElementTree as ET

from inspector.core.wire import dumps
from inspector.simulate.lab import reports
from inspector.simulate.lab.answers import Answered
from inspector.simulate.lab.cases import CASES
from inspector.simulate.lab.runner import Row, Ruling, Run
from tests.simulate.lab.benches import bench

HOSTILE = 'said ]]> "\x1b\x00\ufffe\udcff & <b>'


def run(*rows: Row) -> Run:
    return Run(bench("wink"), "http://127.0.0.1:1/x", 10, list(rows))


ROWS = (
    Row(CASES[0], Ruling.PASSED, "", (Answered(200, 1_500_000, b"\xff\x1b"),), "evt_1"),
    Row(CASES[1], Ruling.FAILED, HOSTILE, (Answered(200, 1000), Answered(None, 2000, b"", "no"))),
    Row(CASES[2], Ruling.LEFT_OUT, "Wink documents no signature"),
)


def test_junit_counts_what_it_has() -> None:
    """What was not reached any more is skipped."""
    suite = ET.fromstring(reports.as_junit(run(*ROWS)))[0]
    tests = suite.findall("testcase")

    assert suite.tag == "testsuite"
    assert [each.get("name") for each in tests] == [case.name for case in CASES]
    assert suite.get("tests") == str(len(tests))
    assert suite.get("failures") == str(len(suite.findall(".//failure"))) == "1"
    assert suite.get("skipped") == str(len(suite.findall(".//skipped"))) == str(len(CASES) - 2)
    assert suite.get("errors") == "0"
    assert suite.get("time") == "1.503"
    assert tests[0].get("time") == "1.500"
    assert {each.get("classname") for each in tests} == {"lab.wink"}


def test_junit_is_xml_whatever_was_answered() -> None:
    failure = ET.fromstring(reports.as_junit(run(*ROWS))).find(".//failure")

    assert failure is not None
    assert failure.get("message") == 'said ]]> "␛␀\ufffd\\xff & <b>'
    assert failure.text is not None
    assert "expected: 200\nanswered: 200, none" in failure.text
    assert CASES[1].why in failure.text


def test_json_has_everything() -> None:
    found = json.loads(dumps(reports.as_json(run(*ROWS), ["a note"])))

    assert (found["passed"], found["failed"], found["left_out"]) == (1, 1, 1)
    assert found["complete"] is False
    assert found["notes"] == ["a note"]
    assert found["rows"][0]["answers"] == [
        {"status": 200, "took_us": 1_500_000, "body": "\udcff\x1b", "problem": ""}
    ]
    assert found["rows"][0]["event_id"] == "evt_1"
    assert found["rows"][2]["result"] == "left out"


def test_a_run_of_nothing_is_a_report_too() -> None:
    suite = ET.fromstring(reports.as_junit(run()))[0]

    assert suite.get("skipped") == suite.get("tests") == str(len(CASES))
    assert reports.as_json(run(), [])["rows"] == []


def test_equal_answers_are_counted() -> None:
    statuses = [200, 200, 500, None, 200]

    said = reports.statuses([Answered(each, 0) for each in statuses])

    assert said == "200 x3, 500, none"
    assert reports.statuses([]) == ""
