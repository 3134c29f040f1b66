"""Cases sent to targets that answer well, badly, or not at all."""

import asyncio

import pytest

from inspector.simulate.lab import reports
from inspector.simulate.lab.cases import CASES, Case
from inspector.simulate.lab.runner import SPARED, Row, Ruling, Run
from tests import fakes
from tests.fakes import Peer, Script, answer, answering, closing, serve
from tests.simulate.lab.benches import bench


def run(url: str, name: str = "jinko", timeout_s: float = 20) -> Run:
    return Run(bench(name, url=url), url, timeout_s)


async def done(script: Script, name: str = "jinko", timeout_s: float = 20) -> dict[str, Row]:
    async with serve(script) as target:
        made = run(target.url, name, timeout_s)
        await made.all()
    assert len(made.rows) == len(CASES)
    return {row.case.name: row for row in made.rows}


async def test_what_takes_everything_takes_forgeries_too() -> None:
    rows = await done(answering())

    failed = {name for name, row in rows.items() if row.ruling is Ruling.FAILED}
    assert failed == {
        "empty body",
        "unreadable body",
        "invalid UTF-8",
        "badly signed",
        "wrong secret",
        "signature missing",
        "changed after signing",
        "stale",
    }
    assert rows["stale"].reason == 'answered 200 instead of 4xx: "ok"'
    assert rows["concurrent duplicate"].ruling is Ruling.PASSED
    assert len(rows["concurrent duplicate"].answers) == 8


async def test_what_refuses_everything_fails_where_it_should_not() -> None:
    rows = await done(answering(answer(401, body=b"")))

    passed = {name for name, row in rows.items() if row.ruling is Ruling.PASSED}
    assert passed == {name for name, row in rows.items() if row.case.expected == "refused"}
    assert rows["valid"].reason == "answered 401 instead of 2xx"


@pytest.mark.parametrize("status", [302, 410, 500, 503])
async def test_statuses_that_are_no_success(status: int) -> None:
    rows = await done(answering(answer(status, body=b"<p>sorry</p>")))

    assert rows["valid"].reason == f"answered {status} instead of 2xx"
    assert rows["huge body"].reason == f"answered {status} instead of 2xx or 413"
    assert (rows["empty body"].ruling is Ruling.PASSED) == (status == 410)


async def test_too_large_is_an_answer_to_what_is_huge() -> None:
    """Of no other delivery, which is not."""
    rows = await done(answering(answer(413)))

    assert rows["huge body"].ruling is Ruling.PASSED
    assert rows["valid"].ruling is Ruling.FAILED


@pytest.mark.parametrize(
    ("name", "status", "body", "reason"),
    [
        ("wink", 200, b"ok", ""),
        ("wink", 204, b"", "answered 204 instead of 200"),
        ("discord", 204, b"", ""),
        ("xero", 200, b"", ""),
        ("xero", 200, b"ok", 'answered 200 with a body, which Xero counts as a failure: "ok"'),
    ],
)
async def test_each_provider_has_its_own_success(
    name: str, status: int, body: bytes, reason: str
) -> None:
    rows = await done(answering(answer(status, body=body)), name)

    assert rows["valid"].reason == reason


async def test_hostile_answers_are_made_harmless() -> None:
    """Neither escapes nor lines come through, and of a long one only the beginning."""
    rows = await done(answering(answer(500, body=b"\x1b[2J\r\nx\xff\xe2\x80\xae" + b"y" * 100_000)))

    reason = rows["valid"].reason
    assert reason.startswith('answered 500 instead of 2xx: "␛[2J␍␊x\\xff\\u202eyy')
    assert len(reason) < 120
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("script", "timeout_s", "reason"),
    [
        (fakes.silent, 0.2, "no answer within 0.2 s"),
        (fakes.deaf, 0.2, "no answer within 0.2 s"),
        (fakes.trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), 0.2, "no answer"),
        (closing(b""), 20, "closed the connection"),
        (fakes.resetting(), 20, "the connection"),
        (answering(b"SSH-2.0-x\r\n\r\n"), 20, "HTTP"),
    ],
)
async def test_without_an_answer_the_rest_is_spared(
    script: Script, timeout_s: float, reason: str
) -> None:
    rows = await done(script, timeout_s=timeout_s)

    assert rows["valid"].ruling is Ruling.FAILED
    assert reason in rows["valid"].reason
    rest = [row for name, row in rows.items() if name != "valid"]
    assert {(row.ruling, row.reason) for row in rest} == {(Ruling.LEFT_OUT, SPARED)}


async def test_nobody_listens() -> None:
    with fakes.refusing() as target:
        made = run(target.url)
        await made.all()

    assert "is your app running?" in made.rows[0].reason
    assert reports.statuses(made.rows[0].answers) == "none"


async def test_an_app_that_dies_of_one_case_is_asked_the_others() -> None:
    """It closed the connection on the huge one only."""

    async def fragile(peer: Peer) -> None:
        taken = await peer.take()
        if taken is not None and len(taken.body) < 1_000_000:
            await peer.say(answer(200))

    rows = await done(fragile)

    assert "connection" in rows["huge body"].reason
    assert rows["empty body"].answers[0].status == 200


async def test_one_bad_answer_of_many_is_enough() -> None:
    """The second of two that come at once breaks it, as two inserts of one id do."""
    seen = set[bytes]()

    async def racing(peer: Peer) -> None:
        taken = await peer.take()
        assert taken is not None
        is_new = taken.body not in seen
        seen.add(taken.body)
        await peer.say(answer(200 if is_new else 500, body=b"UNIQUE constraint failed"))

    rows = await done(racing)

    row = rows["concurrent duplicate"]
    assert row.reason == 'answered 500 instead of 2xx: "UNIQUE constraint failed"'
    assert sorted(str(each.status) for each in row.answers) == ["200", *["500"] * 7]
    assert rows["duplicate"].ruling is Ruling.FAILED
    assert rows["out of order"].ruling is Ruling.PASSED


async def test_what_was_done_stays_when_it_is_stopped() -> None:
    """In the middle of a case: the ones before are judged, this one is not."""

    class Stopping:
        def starts(self, case: Case) -> None:
            if case.name == "late retry":
                assert task is not None
                task.cancel()

        def ended(self, row: Row) -> None:
            seen.append(row)

    seen: list[Row] = []
    task = asyncio.current_task()
    assert task is not None
    async with serve(answering()) as target:
        made = run(target.url)
        with pytest.raises(asyncio.CancelledError):
            await made.all(Stopping())
        task.uncancel()

    assert [row.case.name for row in made.rows] == ["valid", "duplicate", "concurrent duplicate"]
    assert seen == made.rows
