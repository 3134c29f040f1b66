"""T15, T16: what a sender or a target wrote steers no terminal, wherever the log or an acknowledgement tells it.

Every command is in test_commands.py, what commands print of a record in test_any_line.py; `listen` and `list` with a
whole corpus in tests/test_bad_input.py.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests import fakes, hostile, process
from tests.hostile import DELIVERIES, Rig
from tests.threats.command import hooktap
from tests.wire import HOSTILE, Wire, assert_harmless, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPED = "\x1b[2J\x9b2J\u202e"
GARBAGE = (
    HOSTILE,
    b"\x1b[2J /in/demo HTTP/1.1\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nHost: \x1b[2J\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nX-\x1b[2J: a\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nHost: h\r\nContent-Length: \xc2\x9b2J\r\n\r\n",
    b"POST /in/\xc2\x9b2J HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /in/demo HTTP/\x1b[2J\r\n\r\n",
    b"GET /api/\x1b[2J HTTP/1.1\r\n\r\n",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with hostile.inspector(tmp_path_factory.mktemp("terminal"), DELIVERIES) as rig:
        yield rig


async def test_a_folder_of_no_inspector(rig: Rig) -> None:
    """It is quoted where it is complained of."""
    done = await hooktap(rig.running.data_dir, "list", "--data-dir", f"/nowhere/{TYPED}")
    assert done.code
    assert "nowhere" in done.said
    assert_harmless(done.said)


async def test_the_log(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that is not HTTP, at either door, and no target's nonsense."""
    async with (
        fakes.serve(hostile.answering) as target,
        process.inspector(tmp_path_factory.mktemp("log"), "--forward-to", target.url) as running,
    ):
        for raw in GARBAGE:
            await talk(running.ingress, raw)
        for wire in DELIVERIES.values():
            await talk(running.ingress, wire.raw)
            await running.line()
    _, told = capsys.readouterr()
    assert "hooktap: WARNING: " in told
    assert_harmless(told)


async def test_the_body_of_a_delivery_is_not_for_a_terminal(rig: Rig) -> None:
    """`body` writes bytes to a pipe; to a terminal only those that are text (tests/cli/test_reading.py)."""
    done = await hooktap(rig.running.data_dir, "body", str(min(rig.numbers.values())))
    assert done.out == HOSTILE


async def test_acknowledgements_say_nothing_of_the_senders(rig: Rig) -> None:
    """Nothing of a request is in what its sender is told, so that it is no page with a script."""
    answer = await talk(rig.running.ingress, next(iter(DELIVERIES.values())).raw)
    stored_as(answer)
    assert b"text/plain" in answer
    refused = await talk(rig.running.ingress, Wire(target=b"/<script>alert(1)</script>").raw)
    assert b"script" not in refused
