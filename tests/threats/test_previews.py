"""T13, T14: a body made to hurt whoever looks at it costs no more than any other, and shows as well as it can."""

import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from inspector.core.headers import Headers
from tests import process
from tests.hostile import BODIES, BOMBS
from tests.threats.command import hooktap
from tests.wire import Wire, assert_harmless, stored_as, talk
from tui.bodyview import SHOWN_BYTES, SHOWN_LINES, Body, View, build

GROWTH_BYTES = 8 * 1024 * 1024
"""What a bomb of 20 KB may cost the inspector, which stores it as it is (T13)."""
LOOK_BYTES = 16 * 1024 * 1024
"""What looking at a bomb may cost the terminal: a mebibyte of it, as lines of text."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="running")
async def make_running(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[process.Running]:
    async with process.inspector(tmp_path_factory.mktemp("previews"), "--quiet") as running:
        yield running


def body_of(wire: Wire) -> Body:
    return Body.of(wire.body, len(wire.body), Headers(wire.headers))


def most_bytes(pid: int) -> int:
    """Return the most memory that a process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(found.split()[1]) * 1024


@pytest.mark.asyncio(loop_scope="module")
async def test_a_bomb_is_kept_as_it_is(running: process.Running) -> None:
    """The inspector inflates nothing: what 20 KB would become costs it nothing (T13)."""
    first = Wire(body=b"x" * 20_000)
    stored_as(await talk(running.ingress, first.raw))
    before = most_bytes(running.pid)
    numbers = [stored_as(await talk(running.ingress, wire.raw)) for wire in BOMBS.values()]
    async with running.client() as client:
        kept = [await client.body(number) for number in numbers]

    assert kept == [wire.body for wire in BOMBS.values()]
    assert most_bytes(running.pid) - before < GROWTH_BYTES


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_hostile_is_shown(running: process.Running) -> None:
    """`show` prints the beginning of each, and steers no terminal with it; its event and ids are what they can be."""
    wires = [*BODIES.values(), *BOMBS.values()]
    paths = (b"/in/checkfront", b"/in/jinko", b"/in/demo")
    sent = [
        Wire(wire.method, paths[index % len(paths)], wire.headers, wire.body)
        for index, wire in enumerate(wires)
    ]
    numbers = [stored_as(await talk(running.ingress, wire.raw)) for wire in sent]
    listed = await hooktap(running.data_dir, "list", "--limit", "200", "--json")
    shown = [await hooktap(running.data_dir, "show", str(number)) for number in numbers[::16]]
    shown.append(await hooktap(running.data_dir, "list", "--limit", "200"))

    assert {json.loads(line)["id"] for line in listed.out.splitlines()} >= set(numbers)
    assert b"root:" not in listed.out
    for done in shown:
        assert done.code == 0
        assert len(done.out) < 256 * 1024
        assert_harmless(done.said)


@pytest.mark.parametrize("name", [*BOMBS, *BODIES])
def test_what_is_hostile_can_be_looked_at(name: str) -> None:
    """The terminal's views of it are bounded in lines and length, and steer nothing; none of them raises (T13, T14)."""
    for view in (None, *View):
        found = build(body_of({**BOMBS, **BODIES}[name]), view)
        texts = [str(line.content) for line in found.lines]
        assert len(texts) <= SHOWN_LINES
        assert sum(map(len, texts)) <= 16 * SHOWN_BYTES
        assert_harmless("\n".join([*texts, *found.notes]))


@pytest.mark.parametrize("name", [name for name in BOMBS if "bomb" in name or "MiB" in name])
def test_a_bomb_is_looked_at_for_little(name: str) -> None:
    """No more of it is inflated than is shown (T13)."""
    body = body_of(BOMBS[name])
    tracemalloc.start()
    try:
        for view in (None, *View):
            build(body, view)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < LOOK_BYTES
