"""Writing lines beside an event loop: in order, at once, and never in the loop's way."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from inspector.cli.lines import LIMIT, LineWriter
from inspector.errors import HooktapError

PIPE_BYTES = 1 << 20
"""More than any pipe holds."""


@dataclass
class Pipe:
    reader: int
    stream: TextIO


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        yield Pipe(reader, stream)
        with contextlib.suppress(OSError):  # the test closed it
            os.close(reader)


async def write_many(writer: LineWriter) -> None:
    for _ in range(10 * LIMIT):
        await writer.write("x")


async def read_line(pipe: Pipe) -> bytes:
    return await asyncio.to_thread(os.read, pipe.reader, 65536)


async def test_a_line_is_there_at_once(pipe: Pipe) -> None:
    """Nothing waits for a buffer to fill."""
    async with LineWriter(pipe.stream) as writer:
        await writer.write("one")
        assert await read_line(pipe) == b"one\n"
        await writer.write("zwei\u00fc")
        assert await read_line(pipe) == b"zwei\\xfc\n"


async def test_all_lines_are_written_before_the_end(pipe: Pipe) -> None:
    async with LineWriter(pipe.stream) as writer:
        for number in range(1000):
            await writer.write(str(number))
    pipe.stream.close()
    with os.fdopen(os.dup(pipe.reader)) as read:
        assert read.read().split() == [str(number) for number in range(1000)]


async def test_a_reader_who_does_not_read_holds_up_the_writer_only(pipe: Pipe) -> None:
    """The loop goes on, the queue is bounded, and with the reader's return nothing is lost or reordered."""
    count = 2 * LIMIT
    line = "x" * (PIPE_BYTES // LIMIT)

    async def write_all(writer: LineWriter) -> None:
        for number in range(count):
            await writer.write(f"{number} {line}")

    async with asyncio.TaskGroup() as tasks, LineWriter(pipe.stream) as writer:
        writing = tasks.create_task(write_all(writer))
        done, _ = await asyncio.wait([writing], timeout=0.05)
        assert not done

        with os.fdopen(os.dup(pipe.reader)) as read:
            for number in range(count):
                assert await asyncio.to_thread(read.readline) == f"{number} {line}\n"
        await writing


async def test_nobody_reads_any_more(pipe: Pipe) -> None:
    """The next line, or one soon after, says so; a line is lost, the loop is not."""
    os.close(pipe.reader)
    async with LineWriter(pipe.stream) as writer:
        with pytest.raises(BrokenPipeError):
            await write_many(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_no_room_for_another_line() -> None:
    """A log on a full disk is not a reader who has enough: whoever prints is told why."""
    with Path("/dev/full").open("w") as full:
        async with LineWriter(full) as writer:
            with pytest.raises(HooktapError, match="cannot write any more: No space left"):
                await write_many(writer)


async def test_the_end_does_not_wait_for_a_reader(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full pipe that nobody empties costs a moment at the end, not for ever."""
    monkeypatch.setattr("inspector.cli.lines.CLOSE_TIMEOUT_S", 0.01)
    async with asyncio.timeout(30), LineWriter(pipe.stream) as writer:
        await writer.write("x" * PIPE_BYTES)
    os.read(pipe.reader, PIPE_BYTES)  # lets the stuck thread go
    os.close(pipe.reader)
