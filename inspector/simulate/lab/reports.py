"""What a run came to, for programs: JSON, and the JUnit XML that every CI reads."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Sequence

from inspector.core.text import decode, safe
from inspector.core.wire import JSON
from inspector.simulate.lab.answers import Answered, told
from inspector.simulate.lab.cases import CASES
from inspector.simulate.lab.runner import Row, Ruling, Run

STOPPED = "not sent: stopped"
_NO_XML = re.compile("[\ufffe\uffff]")
"""Characters that XML 1.0 has not, of those that safe text may have."""


def statuses(answers: Iterable[Answered]) -> str:
    """Return what an app answered, and how often, in a few characters: `200 x7, 500`; `none` is no answer."""
    count = Counter(str(each.status or "none") for each in answers)
    return ", ".join(name if often == 1 else f"{name} x{often}" for name, often in count.items())


def counts(rows: Iterable[Row]) -> Counter[Ruling]:
    """Return how many rows came to what."""
    return Counter(row.ruling for row in rows)


def as_json(run: Run, notes: Sequence[str]) -> JSON:
    """Return all of it."""
    count = counts(run.rows)
    return {
        "provider": run.bench.provider.name,
        "url": run.to,
        "timeout_s": run.timeout_s,
        "passed": count[Ruling.PASSED],
        "failed": count[Ruling.FAILED],
        "left_out": count[Ruling.LEFT_OUT],
        "complete": len(run.rows) == len(CASES),
        "notes": list(notes),
        "rows": [_row(run, row) for row in run.rows],
    }


def as_junit(run: Run) -> bytes:
    """Return a test suite with a test per case; those that were left out, or not reached any more, are skipped."""
    provider = run.bench.provider.name
    suite = ET.Element("testsuite", name=f"hooktap lab {provider}")
    for row in run.rows:
        test = ET.SubElement(suite, "testcase", classname=f"lab.{provider}", name=row.case.name)
        test.set("time", f"{_total_s(row):.3f}")
        match row.ruling:
            case Ruling.FAILED:
                failure = ET.SubElement(test, "failure", message=_xml(row.reason))
                failure.text = _xml(
                    f"sent: {row.case.sent}\nexpected: {told(row.case.expected, run.bench.provider)}\n"
                    f"answered: {statuses(row.answers)}\n{row.case.why}"
                )
            case Ruling.LEFT_OUT:
                ET.SubElement(test, "skipped", message=_xml(row.reason))
            case Ruling.PASSED:
                pass
    for case in CASES[len(run.rows) :]:
        test = ET.SubElement(suite, "testcase", classname=f"lab.{provider}", name=case.name)
        ET.SubElement(test, "skipped", message=STOPPED)
    suite.attrib |= {
        "tests": str(len(suite)),
        "failures": str(len(suite.findall("*/failure"))),
        "errors": "0",
        "skipped": str(len(suite.findall("*/skipped"))),
        "time": f"{sum(map(_total_s, run.rows)):.3f}",
    }
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, "utf-8", xml_declaration=True)
    return written + b"\n"


def _row(run: Run, row: Row) -> JSON:
    return {
        "name": row.case.name,
        "result": row.ruling.value,
        "sent": row.case.sent,
        "expected": told(row.case.expected, run.bench.provider),
        "why": row.case.why,
        "reason": row.reason,
        "event_id": row.event_id,
        "answers": [
            {
                "status": each.status,
                "took_us": each.took_us,
                "body": decode(each.body),
                "problem": each.problem,
            }
            for each in row.answers
        ],
    }


def _total_s(row: Row) -> float:
    return sum(each.took_us for each in row.answers) / 1_000_000


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", "\n".join(map(safe, text.split("\n"))))
