"""A fixed schedule against real servers on loopback: a slow answer counts from when its request was due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from scripts.benches.pace import Paced, PaceError, answered, pace

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_is_whole_at_its_last_byte(cut: int) -> None:
    assert answered(ANSWER[:cut]) == ANSWER[:cut]
    assert answered(ANSWER) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\xff\x00\r\n\r\n",
    ],
)
def test_no_other_answer_counts(answer: bytes) -> None:
    with pytest.raises(PaceError):
        answered(answer)


async def test_every_request_is_sent_and_answered() -> None:
    async with serving([ANSWER]) as url:
        paced = await paced_at(url, per_s=500, seconds=0.2, connections=4)

    assert len(paced.waits_ms) == 100
    assert paced.waits_ms == sorted(paced.waits_ms)


async def test_an_answer_in_pieces_is_waited_for() -> None:
    pieces = [ANSWER[:10], ANSWER[10:-1], ANSWER[-1:]]
    async with serving(pieces) as url:
        paced = await paced_at(url, per_s=100, seconds=0.1, connections=1)

    assert len(paced.waits_ms) == 10


async def test_those_behind_a_slow_answer_have_waited_too() -> None:
    """One connection, an answer every 20 ms, a request due each millisecond: the last waits for all the others."""
    async with serving([ANSWER], every_s=0.02) as url:
        paced = await paced_at(url, per_s=1000, seconds=0.02, connections=1)

    assert len(paced.waits_ms) == 20
    # Had each been counted from when it was sent, it would be 20 ms for each of them.
    assert paced.waits_ms[-1] > 370
    assert paced.per_s < 1000


async def test_a_server_that_closes_is_an_error() -> None:
    async with serving([]) as url:
        with pytest.raises(PaceError, match=r"closed|reset"):
            await paced_at(url, per_s=10, seconds=0.1, connections=1)


async def paced_at(url: str, *, per_s: float, seconds: float, connections: int) -> Paced:
    """Run the generator beside the server."""
    return await asyncio.to_thread(
        pace, url, repeat(REQUEST), per_s=per_s, seconds=seconds, connections=connections
    )


@asynccontextmanager
async def serving(pieces: list[bytes], every_s: float = 0.0) -> AsyncIterator[str]:
    """Answer each request with these pieces after `every_s`; with none, close instead."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while pieces:
                await reader.readexactly(len(REQUEST))
                await asyncio.sleep(every_s)
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the generator is done
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
