"""A delivery that is changed, signed anew, and taken by an app that knows nothing of us."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.core.edits import BODY_MAX_BYTES, Edit
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Part, Response, Sign
from inspector.datadir import DataDir
from inspector.errors import ReplayError
from inspector.server import Inspector
from inspector.store import Store
from inspector.store.repair import is_whole, repair
from tests import factories, fakes
from tests.process import demo_app
from tests.test_pipeline import BODY, JINKO, SECRET, running, signed

CHANGED = BODY.replace(b"completed", b"cancelled")


async def answered(inspector: Inspector, attempt: Attempt) -> tuple[int, bytes]:
    """Return status and body of what the app said."""
    assert isinstance(attempt.result, Response)
    return attempt.result.status, await inspector.store.response_body(attempt.id) or b""


async def test_edited_delivery_verifies_at_the_app_if_it_is_signed_anew(tmp_path: Path) -> None:
    """And only then: sent with the old signature the app finds that it does not match."""
    with demo_app(SECRET.decode()) as url:
        async with running(tmp_path, replace(JINKO, target=f"{url}/webhooks/jinko")) as inspector:
            arrived = signed()
            await inspector.pipeline.accept(JINKO, arrived)
            answers = {}
            for sign in (None, Sign.FRESH, Sign.VERBATIM, Sign.BROKEN, Sign.STALE):
                edit = Edit(body=CHANGED.replace(b"evt_1", b"evt_" + str(sign).encode()))
                attempt = await inspector.pipeline.replay(1, sign=sign, edit=edit)
                assert (attempt.edited, await inspector.store.edit(attempt.id)) == (
                    (Part.BODY,),
                    edit,
                )
                answers[sign], _ = await answered(inspector, attempt)
            stored = await inspector.store.delivery(1)

    assert answers[None] == answers[Sign.FRESH] == 200
    assert all(
        answers[sign] in {400, 401, 403} for sign in (Sign.VERBATIM, Sign.BROKEN, Sign.STALE)
    )
    assert stored is not None
    assert stored.request == arrived  # history is append-only


async def test_every_part_reaches_the_app(tmp_path: Path) -> None:
    edit = Edit(
        "PUT",
        b"/paid?x=%zz",
        factories.headers(("X-Mine", "1"), ("Content-Length", "9")),
        b"\0\xff",
    )
    async with (
        fakes.serve(fakes.answering()) as target,
        running(tmp_path, replace(JINKO, target=f"{target.url}/base")) as inspector,
    ):
        await inspector.pipeline.accept(JINKO, signed())
        attempt = await inspector.pipeline.replay(1, sign=Sign.VERBATIM, edit=edit)
        listed = (await inspector.store.attempts([1]))[1]

    (taken,) = target.requests
    assert taken.line == b"PUT /base/paid?x=%zz HTTP/1.1"
    assert taken.body == b"\0\xff"
    assert taken.header(b"X-Mine") == [b"1"]
    assert taken.header(b"Content-Length") == [b"2"]
    assert not taken.header(b"X-Jinko-Signature")
    assert attempt.edited == tuple(Part)
    assert attempt.url == f"{target.url}/base/paid?x=%zz"
    assert attempt.request_headers.pairs == tuple(taken.pairs)
    assert listed == [replace(attempt, result=listed[0].result)]


async def test_smuggled_request_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    async with (
        fakes.serve(fakes.answering()) as target,
        running(tmp_path, replace(JINKO, target=target.url)) as inspector,
    ):
        await inspector.pipeline.accept(JINKO, signed())
        for edit in (
            Edit(method="GET / HTTP/1.1\r\nHost: x\r\n\r\nDELETE"),
            Edit(target=b"/ HTTP/1.1\r\nX: y"),
            Edit(headers=factories.headers(("A", "b\r\nTransfer-Encoding: chunked"))),
            Edit(body=b"x" * (BODY_MAX_BYTES + 1)),
        ):
            with pytest.raises(ReplayError):
                await inspector.pipeline.replay(1, edit=edit)
        smuggling = factories.headers(("Transfer-Encoding", "chunked"), ("Content-Length", "1"))
        attempt = await inspector.pipeline.replay(
            1, sign=Sign.VERBATIM, edit=Edit(headers=smuggling, body=b"0\r\n\r\nGET /admin")
        )

    (taken,) = target.requests  # one, framed by us
    assert attempt.succeeded
    assert taken.body == b"0\r\n\r\nGET /admin"
    assert not taken.header(b"Transfer-Encoding")


async def test_edit_that_changes_nothing_is_none(tmp_path: Path) -> None:
    async with fakes.serve(fakes.answering()) as target, running(tmp_path, JINKO) as inspector:
        arrived = signed()
        await inspector.pipeline.accept(JINKO, arrived)
        same = Edit(arrived.method, b"", arrived.headers, arrived.body)
        attempt = await inspector.pipeline.replay(1, to=target.url, edit=same)

        assert attempt.edited == ()
        assert await inspector.store.edit(attempt.id) is None


async def test_edit_is_kept_on_disk_and_goes_with_its_delivery(tmp_path: Path) -> None:
    """Byte for byte, bound to its attempt; a flipped byte is found."""
    data_dir = DataDir(tmp_path)
    data_dir.prepare()
    edit = Edit("PUT", b"\0\xff", Headers(((b"A", b"\0\1\xff"),)), bytes(range(256)) * 4096)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(data_dir, on_commit=lambda _: None))
        await store.append_delivery(factories.delivery())
        made = factories.attempt(edited=edit.parts)
        async with asyncio.TaskGroup() as group:
            for wanted in (edit, Edit(), Edit(body=b"")):
                attempt = replace(made, edited=wanted.parts)
                group.create_task(store.append_attempt(attempt, edit=wanted))
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        attempts = (await store.attempts([1]))[1]
        found = [await store.edit(attempt.id) for attempt in attempts]
        assert [attempt.edited for attempt in attempts] == [tuple(Part), (), (Part.BODY,)]
        assert found == [edit, None, Edit(body=b"")]
        assert is_whole(data_dir.database)
        await store.delete([1])
        assert await store.edit(attempts[0].id) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE edit SET body = x'7b7d'",
        "UPDATE edit SET method = 'GET'",
        "UPDATE edit SET attempt_id = 3 WHERE attempt_id = 2",
        "UPDATE edit SET parts = 'body'",
        "DELETE FROM edit",
    ],
)
async def test_damaged_edit_is_told_and_set_aside(tmp_path: Path, change: str) -> None:
    data_dir = DataDir(tmp_path)
    data_dir.prepare()
    edit = Edit(method="PUT", body=b"{}\n")
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(factories.delivery())
        await store.append_attempt(factories.attempt(edited=edit.parts), edit=edit)
        await store.append_attempt(factories.attempt())
    with closing(sqlite3.connect(data_dir.database)) as connection, connection:
        connection.execute(change)
    assert not is_whole(data_dir.database)

    assert repair(data_dir, "now").set_aside >= 1

    assert is_whole(data_dir.database)
