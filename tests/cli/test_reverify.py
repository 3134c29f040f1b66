"""`hooktap reverify` and `confirm`: what the inspector does again, told as it is done."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector.core.model import Confirmed, Delivery, Outcome, Request, Verdict, Verification
from inspector.datadir import DataDir
from inspector.errors import ReplayError
from inspector.simulate import sender
from tests import factories
from tests.api.serving import Pipeline, Serving, serving
from tests.cli.conftest import Done, Hooktap
from tests.process import ROOT, inspector

WAIT_S = 60
NO_SECRET = Verification(Outcome.NO_SECRET, "nobody told us the secret")


async def stored(api: Serving, count: int, verification: Verification = NO_SECRET) -> list[int]:
    made = [factories.delivery(verification=verification) for _ in range(count)]
    async with asyncio.TaskGroup() as tasks:
        appended = [tasks.create_task(api.store.append_delivery(each)) for each in made]
    return sorted(task.result().id for task in appended)


async def asked(api: Serving, hooktap: Hooktap, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, *args, "--data-dir", str(api.data_dir.path))


async def test_what_changed_is_printed(hooktap: Hooktap, tmp_path: Path) -> None:
    """A line each, with what it was; what stays as it was is only counted."""
    async with serving(DataDir(tmp_path / "data")) as api:
        await stored(api, 2, api.pipeline.found)
        changed = await stored(api, 2)
        done = await asked(api, hooktap, "reverify")
        again = await asked(api, hooktap, "reverify")

    lines = done.text.splitlines()
    assert [line.split()[2] for line in lines] == [f"#{number}" for number in reversed(changed)]
    assert all(line.endswith("✓ verified  was no_secret") for line in lines)
    assert (done.code, done.err) == (0, "hooktap: checked 4, of which 2 changed\n")
    assert (again.out, again.err) == (b"", "hooktap: checked 4, of which 0 changed\n")


async def test_a_secret_that_was_set_later(hooktap: Hooktap, tmp_path: Path) -> None:
    """As it happens: the delivery comes first, then the secret, and both verdicts are kept."""
    (tmp_path / "secret").write_text("cAnArY")
    now = str(int(time.time()))
    made = hmac.new(b"cAnArY", f"{now}.{{}}".encode(), hashlib.sha256).hexdigest()
    signed = factories.headers(("X-Jinko-Timestamp", now), ("X-Jinko-Signature", f"sha256={made}"))
    async with inspector(tmp_path) as running:
        request = Request("POST", b"/", signed, b"{}")
        assert (await sender.send(running.endpoint("shop"), request)).status == 200
        assert (await running.line())["verification"]["outcome"] == "no_secret"
    config = '[endpoint.shop]\nprovider = "jinko"\nsecret = { file = "secret" }\n'
    async with inspector(tmp_path, config=config) as running:
        data_dir = str(running.data_dir.path)
        before = await asyncio.to_thread(hooktap, "verify", "1", "--data-dir", data_dir)
        done = await asyncio.to_thread(
            hooktap, "reverify", "outcome:no_secret", "--data-dir", data_dir
        )
        after = await asyncio.to_thread(hooktap, "verify", "1", "--data-dir", data_dir)
        async with running.client() as client:
            outcomes = [each.verification.outcome.value for each in await client.verdicts(1)]

    assert before.text.startswith("· no_secret: ")
    assert done.text.endswith("✓ verified  was no_secret\n")
    assert (after.code, after.text.partition(":")[0]) == (0, "✓ verified")
    assert outcomes == ["no_secret", "verified"]


async def test_page_after_page(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each delivery once, newest first, though others arrive meanwhile and answers take them out of the query."""
    monkeypatch.setattr("inspector.cli.reverify.PAGE", 3)
    async with serving(DataDir(tmp_path / "data")) as api:
        numbers = await stored(api, 8)
        await stored(api, 2, api.pipeline.found)
        done = await asked(api, hooktap, "reverify", "outcome:no_secret", "--json")
        checked = [delivery.id for part in api.pipeline.checked for delivery in part]

    found = [json.loads(line) for line in done.text.splitlines()]
    assert checked == numbers[::-1]
    assert [each["delivery_id"] for each in found] == checked
    assert {each["verification"]["outcome"] for each in found} == {"verified"}
    assert done.err == "hooktap: checked 8, of which 8 changed\n"


async def test_on_a_terminal_it_says_how_far_it_is(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.cli.reverify.PAGE", 2)
    monkeypatch.setattr("inspector.cli.progress.on_terminal", lambda: True)
    async with serving(DataDir(tmp_path / "data")) as api:
        await stored(api, 4)
        done = await asked(api, hooktap, "reverify")

    two, four = ("checked 2 of which 2 changed ", "checked 4 of which 4 changed ")
    blank = "\r" + " " * len(two) + "\r"
    assert done.err == f"{two}{blank}{four}{blank}hooktap: checked 4, of which 4 changed\n"


async def test_nothing_to_check(hooktap: Hooktap, tmp_path: Path) -> None:
    async with serving(DataDir(tmp_path / "data")) as api:
        nothing = await asked(api, hooktap, "reverify", "endpoint:nobody")
        wrong = await asked(api, hooktap, "reverify", "endpont:a")

    assert (nothing.code, nothing.out) == (0, b"")
    assert nothing.err == "hooktap: checked 0, of which 0 changed\n"
    assert (wrong.code, wrong.out) == (2, b"")


def test_without_an_inspector(hooktap: Hooktap) -> None:
    assert [hooktap(*words).code for words in (["reverify"], ["confirm", "1"])] == [3, 3]


@dataclass
class Slow(Pipeline):
    """A pipeline that goes on only when it is let."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def reverify(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        self.begun.set()
        await self.let.wait()
        return await super().reverify(deliveries)


@asynccontextmanager
async def reverifying(api: Serving) -> AsyncIterator[tuple[asyncio.subprocess.Process, Slow]]:
    """Run `reverify` until its first page is being checked, and Ctrl-C was pressed and heard."""
    slow = Slow(api.store)
    api.pipeline.reverify = slow.reverify  # type: ignore[method-assign]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inspector", "reverify", "--data-dir", str(api.data_dir.path),
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WAIT_S):
            await slow.begun.wait()
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert await process.stderr.readline() == b"\n"
            heard = await process.stderr.readline()
            assert heard == b"hooktap: stopping after these (Ctrl-C again: at once)\n"
            yield process, slow
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
        slow.let.set()


async def test_ctrl_c_ends_it_between_pages(tmp_path: Path) -> None:
    """What is being checked is finished and counted; the rest is left alone."""
    async with serving(DataDir(tmp_path / "data")) as api:
        await stored(api, 250)
        async with reverifying(api) as (process, slow):
            slow.let.set()
            out, err = await process.communicate()

    assert process.returncode == 130
    assert err.decode() == "hooktap: stopped: checked 100, of which 100 changed so far\n"
    assert len(out.splitlines()) == 100
    assert sum(map(len, slow.checked)) == 100


async def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    async with serving(DataDir(tmp_path / "data")) as api:
        await stored(api, 1)
        async with reverifying(api) as (process, _):
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()

    assert (process.returncode, out, err) == (-signal.SIGINT, b"", b"")


async def test_confirm(hooktap: Hooktap, tmp_path: Path) -> None:
    async with serving(DataDir(tmp_path / "data")) as api:
        (number,) = await stored(api, 1)
        plain = await asked(api, hooktap, "confirm", f"#{number}")
        found = json.loads((await asked(api, hooktap, "confirm", str(number), "--json")).out)
        absent = await asked(api, hooktap, "confirm", "99")
        api.pipeline.error = ReplayError("#1 asks for no URL to be visited")
        refused = await asked(api, hooktap, "confirm", str(number))

    assert (plain.code, plain.text) == (0, f"#{number} → https://sns.example/?confirm  200\n")
    assert found == {"id": number, "url": "https://sns.example/?confirm", "status": 200}
    assert absent.code == 4
    assert (refused.code, refused.err) == (1, "hooktap: #1 asks for no URL to be visited\n")


async def test_a_visit_that_was_refused(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def confirm(_self: Pipeline, _delivery_id: int) -> Confirmed:
        return Confirmed("https://sns.example/\x1b", 403)

    monkeypatch.setattr(Pipeline, "confirm", confirm)
    async with serving(DataDir(tmp_path / "data")) as api:
        done = await asked(api, hooktap, "confirm", str((await stored(api, 1))[0]))

    assert (done.code, done.text) == (1, "#1 → https://sns.example/␛  403\n")
