"""`hooktap send` with what it changes, sends wrong on purpose, and sends many times."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from inspector import providers
from inspector.client import Client
from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider
from inspector.core.variations import SampleSign, Variation
from inspector.core.verification import verify
from inspector.errors import ReplayError
from tests import process
from tests.cli.conftest import Done, Hooktap
from tests.fakes import Peer, Target, answer, answering, refusing, serve

KNOWN = providers.load()
SIGNED = {
    name: provider
    for name, provider in KNOWN.items()
    if not signing.why_not(provider, private_key=True)
}
ROTATING = """
[endpoint.jinko]
provider = "jinko"
secret = [{ env = "NEW" }, { env = "OLD" }]
"""
SECRETS = {"NEW": "new-secret", "OLD": "old-secret"}


async def run(hooktap: Hooktap, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, "send", *args)


def bodies(target: Target) -> list[Any]:
    return [json.loads(taken.body) for taken in target.requests]


# Every provider: what each way to sign comes to at a real inspector


def configured(name: str, provider: Provider) -> tuple[str, dict[str, str]]:
    """Return an endpoint with two secrets, and the environment that has them."""
    new, old = (signing.sample_keys(provider, seed) for seed in (b"new", b"old"))
    variable = re.sub(r"\W", "_", name).upper()
    environ = {f"{variable}_NEW": new.verifying.decode(), f"{variable}_OLD": old.verifying.decode()}
    lines = [
        f'[endpoint."{name}"]',
        f'provider = "{name}"',
        f'secret = [{{ env = "{variable}_NEW" }}, {{ env = "{variable}_OLD" }}]',
    ]
    if signing.needs_private_key(provider):
        environ[f"{variable}_KEY"] = new.signing.decode()
        lines.append(f'signing_key = {{ env = "{variable}_KEY" }}')
    if name not in {"mews", "twilio-json"}:  # whose samples have in their query what is signed
        lines.append(f'public_url = "https://example.com/in/{name}"')
    return "\n".join(lines) + "\n", environ


@dataclass(frozen=True)
class Every:
    """A real inspector with an endpoint for every provider that can be signed."""

    running: process.Running
    client: Client

    async def arrived(self, name: str, variation: Variation) -> Any:
        """Send one, and return what the inspector made of it."""
        told = await self.client.send_sample(name, variation=variation)
        delivery = await self.running.line()
        assert delivery["endpoint"] == name
        assert delivery["event_id"] == told["event_id"]
        assert delivery["attempt_id"] == told["attempt_id"]
        return delivery

    async def verdict(self, name: str, variation: Variation) -> tuple[str, int | None]:
        found = (await self.arrived(name, variation))["verification"]
        return found["outcome"], found["secret_index"]


@pytest.fixture
async def every(tmp_path: Path) -> AsyncIterator[Every]:
    config, environ = "", dict[str, str]()
    for name, provider in SIGNED.items():
        table, secrets = configured(name, provider)
        config, environ = config + table, environ | secrets
    async with (
        process.inspector(tmp_path, config=config, environ=environ) as running,
        running.client() as client,
    ):
        yield Every(running, client)


async def test_each_way_to_sign_is_found_out(every: Every) -> None:
    for name in SIGNED:
        assert await every.verdict(name, Variation()) == ("verified", 0), name
        for sign, outcome in {
            SampleSign.BROKEN: "mismatch",
            SampleSign.MISSING: "missing",
            SampleSign.WRONG_SECRET: "mismatch",
        }.items():
            assert await every.verdict(name, Variation(sign=sign)) == (outcome, None), (name, sign)


async def test_the_old_secret_is_the_second(every: Every) -> None:
    """Of a key pair there is one, whose private half is known."""
    of_pairs = {name for name, each in SIGNED.items() if signing.needs_private_key(each)}
    old = Variation(sign=SampleSign.OLD_SECRET)
    for name in SIGNED.keys() - of_pairs:
        assert await every.verdict(name, old) == ("verified", 1), name
    for name in of_pairs:
        with pytest.raises(ReplayError, match="there is no older one"):
            await every.client.send_sample(name, variation=old)
    assert {"discord", "sendgrid"} <= of_pairs


async def test_stale_where_a_time_is_signed(every: Every) -> None:
    """Or it is said that none is; where none is too old, it is as good as any."""
    seen = set[str]()
    for name, provider in SIGNED.items():
        stale = Variation(sign=SampleSign.STALE)
        try:
            outcome, _ = await every.verdict(name, stale)
        except ReplayError:
            with pytest.raises(ReplayError, match="nothing of it goes stale"):
                await every.client.send_sample(name, variation=stale)
            continue
        limited = provider.time is None or provider.time.tolerance_s is not None
        assert outcome == ("stale" if limited else "verified"), name
        seen.add(name)
    assert {"jinko", "stripe", "slack", "svix", "hubspot-v3", "plaid", "rfc9421"} <= seen


async def test_damage_shows_where_the_body_is_signed(every: Every) -> None:
    seen = set[str]()
    for name in SIGNED:
        covered = (await every.arrived(name, Variation()))["verification"]["covered"]
        if any(part.startswith("body") for part in covered):
            seen.add(name)
            for damage in (Variation(corrupt=True), Variation(truncate=9)):
                outcome, _ = await every.verdict(name, damage)
                assert outcome in {"mismatch", "missing"}, (name, damage)
    assert {"jinko", "stripe", "github", "discord", "sendgrid", "plaid"} <= seen


async def test_a_duplicate_has_the_events_id_and_another_attempts(every: Every) -> None:
    seen = set[str]()
    for name in SIGNED:
        happened_s = int(time.time())
        first, second = [
            await every.arrived(name, Variation(unique="u", happened_s=happened_s, again=again))
            for again in (0, 1)
        ]
        assert second["event_id"] == first["event_id"]
        is_known = first["event_id"] is not None
        assert second["duplicate_of"] == (first["id"] if is_known else None), name
        assert second["verification"]["outcome"] == "verified", name
        if second["attempt_id"] is not None:
            assert second["attempt_id"] != first["attempt_id"], name
            seen.add(name)
    assert {"jinko", "shopify", "slack", "square", "hubspot-v3", "gitlab-token"} <= seen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rotating(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[process.Running]:
    """One inspector for all that is sent once."""
    folder = tmp_path_factory.mktemp("rotating")
    async with process.inspector(folder, config=ROTATING, environ=SECRETS) as running:
        yield running


@pytest.mark.parametrize(
    ("sign", "outcome"),
    [
        ("fresh", "verified"),
        ("broken", "mismatch"),
        ("stale", "stale"),
        ("missing", "missing"),
        ("wrong-secret", "mismatch"),
        ("old-secret", "verified"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_sign(hooktap: Hooktap, rotating: process.Running, sign: str, outcome: str) -> None:
    data_dir = ("--data-dir", str(rotating.data_dir.path))
    done = await run(hooktap, "jinko", "--sign", sign, *data_dir)
    delivery = await rotating.line()

    assert done.code == 0, done.err
    assert delivery["verification"]["outcome"] == outcome
    assert delivery["verification"]["secret_index"] == {
        "fresh": 0,
        "stale": 0,
        "old-secret": 1,
    }.get(sign)


@pytest.mark.parametrize("damage", [("--corrupt",), ("--truncate", "100"), ("--truncate", "0")])
@pytest.mark.asyncio(loop_scope="module")
async def test_damage_is_done_after_signing(
    hooktap: Hooktap, rotating: process.Running, damage: tuple[str, ...]
) -> None:
    data_dir = ("--data-dir", str(rotating.data_dir.path))
    done = await run(hooktap, "jinko", *damage, *data_dir)
    delivery = await rotating.line()
    async with rotating.client() as client:
        body = await client.body(delivery["id"])

    assert done.code == 0, done.err
    assert delivery["verification"]["outcome"] == "mismatch"
    if damage == ("--corrupt",):
        assert json.loads(body)["event"] == "booking.completed"
    else:
        assert len(body) == int(damage[1])


async def test_duplicates_are_marked_by_the_inspector(hooktap: Hooktap, tmp_path: Path) -> None:
    async with process.inspector(tmp_path) as running:
        data_dir = ("--data-dir", str(running.data_dir.path))
        done = await run(hooktap, "jinko", "--count", "2", "--duplicate", "2", "--json", *data_dir)
        deliveries = [await running.line() for _ in range(6)]

    told = [json.loads(line) for line in done.text.splitlines()]
    assert [each["event_id"] for each in told] == [each["event_id"] for each in deliveries]
    first, second = deliveries[0], deliveries[3]
    assert [each["duplicate_of"] for each in deliveries] == [
        None, first["id"], first["id"], None, second["id"], second["id"],
    ]  # fmt: skip
    assert len({each["attempt_id"] for each in deliveries}) == 6
    assert {each["verification"]["outcome"] for each in deliveries} == {"verified"}
    assert "sent 6 of 6 deliveries" in done.err
    assert done.code == 0


# What is sent elsewhere is the same


async def test_values_headers_and_body(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_bytes(b'{"event": "booking.completed",\r\n"n": 1}')
    async with serve(answering()) as target:
        to = ("--to", target.url)
        await run(
            hooktap, "jinko", "--set", "booking_ref=JNK-7", "--set", "livemode=true", "--set", "a.b=[1]",
            "--header", "X-Trace: 1", "--header", "X-Trace: 2", "--header", "User-Agent:", *to,
        )  # fmt: skip
        await run(hooktap, "jinko", "--body-file", "own.json", "--set", "n=2.50", *to)
        await run(hooktap, "jinko", "--body-file", "own.json", "--sign", "missing", *to)

    first, second, third = target.requests
    body = json.loads(first.body)
    assert (body["booking_ref"], body["livemode"], body["a"]) == ("JNK-7", True, {"b": [1]})
    assert first.header(b"X-Trace") == [b"1", b"2"]
    assert first.header(b"User-Agent") == []
    assert second.body == b'{"event": "booking.completed",\r\n"n": 2.50}'
    assert second.header(b"X-Jinko-Signature")
    assert third.body == (tmp_path / "own.json").read_bytes()
    assert not third.header(b"X-Jinko-Signature")


@pytest.mark.parametrize(
    ("kind", "path", "found"),
    [
        ("json", "booking.order.total", b'"total": 9.00,'),
        ("xml", "booking.order.total", b"<total>9.00</total>"),
        ("form", "booking.order.total", b"booking%5Border%5D%5Btotal%5D=9.00"),
    ],
)
async def test_values_in_each_format(hooktap: Hooktap, kind: str, path: str, found: bytes) -> None:
    async with serve(answering()) as target:
        done = await run(
            hooktap, "checkfront", "--format", kind, "--set", f"{path}=9.00", "--to", target.url
        )

    assert done.code == 0, done.err
    assert found in target.requests[0].body


async def test_the_old_secret_and_the_stale_one_elsewhere(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hooktap.toml").write_text(ROTATING)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    async with serve(answering()) as target:
        for sign in ("old-secret", "stale", "wrong-secret"):
            assert (await run(hooktap, "jinko", "--sign", sign, "--to", target.url)).code == 0

    found = [
        verify(
            KNOWN["jinko"],
            Request("POST", b"/", Headers(tuple(taken.pairs)), taken.body),
            ["new-secret", "old-secret"],
            now_s=time.time(),
        )
        for taken in target.requests
    ]
    assert [each.outcome for each in found] == [Outcome.VERIFIED, Outcome.STALE, Outcome.MISMATCH]
    assert found[0].secret_index == 1


async def test_many_have_ids_of_their_own(hooktap: Hooktap) -> None:
    async with serve(answering()) as target:
        done = await run(
            hooktap, "jinko", "--count", "50", "--concurrency", "8", "--to", target.url
        )

    assert done.code == 0, done.err
    assert len({body["event_id"] for body in bodies(target)}) == 50
    first, second, third = done.text.splitlines()
    assert re.fullmatch(r"sent 50 of 50 deliveries in [0-9.]+ s, [0-9.,e+]+/s", first)
    assert second == "  50  200"
    assert re.fullmatch(r"  half the answers within .+ \(p50\), 99 in 100 within .+ \(p99\)", third)


async def test_a_shuffled_order_can_be_had_again(hooktap: Hooktap) -> None:
    async with serve(answering()) as target:
        args = ("jinko", "--count", "12", "--reorder", "--json", "--to", target.url)
        first = await run(hooktap, *args)
        seed = re.search(r"--seed (\d+)", first.err)
        assert seed
        await run(hooktap, *args, "--seed", seed[1])

    times = [body["occurred_at"] for body in bodies(target)]
    rank = [sorted(times[:12]).index(each) for each in times[:12]]
    assert rank == [sorted(times[12:]).index(each) for each in times[12:]]
    assert rank != list(range(12))


async def test_held_back_after_signing(hooktap: Hooktap) -> None:
    """It says when it was signed, and is sent that much later."""
    async with serve(answering()) as target:
        done = await run(hooktap, "jinko", "--delay", "1.1", "--to", target.url)
        arrived_s = time.time()

    assert done.code == 0
    assert arrived_s - int(target.requests[0].header(b"X-Jinko-Timestamp")[0]) >= 1.1


async def test_one_that_is_refused_fails_all(hooktap: Hooktap) -> None:
    async def every_third(peer: Peer) -> None:
        while await peer.take():
            refused = len(peer.target.requests) % 3 == 0
            await peer.say(answer(500 if refused else 204, body=b""))

    async with serve(every_third) as target:
        done = await run(hooktap, "jinko", "--count", "9", "--to", target.url)

    assert done.code == 1
    assert done.text.splitlines()[1:3] == ["  6  204", "  3  500"]


async def test_one_without_an_answer_is_told_and_the_others_are_sent(hooktap: Hooktap) -> None:
    async def silent_once(peer: Peer) -> None:
        if await peer.take() and len(peer.target.requests) != 2:
            await peer.say(answer())

    async with serve(silent_once) as target:
        done = await run(hooktap, "jinko", "--count", "4", "--to", target.url)

    assert done.code == 3
    assert "closed the connection" in done.err
    assert "  3  200\n  1  no answer\n" in done.text


@pytest.mark.parametrize("pace", [("--concurrency", "4"), ("--concurrency", "2", "--rate", "1/h")])
def test_nobody_there_is_said_once(hooktap: Hooktap, pace: tuple[str, ...]) -> None:
    """Nor does anybody wait for a turn then."""
    with refusing() as target:
        done = hooktap("send", "jinko", "--count", "100", *pace, "--to", target.url)

    assert (done.code, done.out) == (3, b"")
    assert done.err.count("nobody listens") == 1


async def test_ctrl_c_stops_and_sums_up(tmp_path: Path) -> None:
    """A real process: after the answer under way, also where the next would be an hour off."""
    async with serve(answering()) as target:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "inspector", "send", "jinko", "--count", "5", "--rate", "1/h",
            "--json", "--to", target.url, "--data-dir", str(tmp_path / "data"),
            cwd=tmp_path, env=process.environ_of(tmp_path),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        async with asyncio.timeout(60):
            first = json.loads(await child.stdout.readline())
            os.kill(child.pid, signal.SIGINT)
            out, err = await child.communicate()

    assert child.returncode == 130
    assert first["status"] == 200
    assert out == b""
    assert "stopped: sent 1 of 5 deliveries" in err.decode()
    assert "Traceback" not in err.decode()
    assert len(target.requests) == 1


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["jinko", "--set", "event"], 2, "no json.path=value"),
        (["jinko", "--set", "event.x=1"], 2, "event is neither an object nor a list"),
        (["checkfront", "--format", "xml", "--set", "no.such=1"], 2, "must have it already"),
        (["jinko", "--header", "no colon"], 2, "Name: value"),
        (["jinko", "--header", "a b: c"], 1, "is not a header name"),
        (["jinko", "--header", "A: b\r\nEvil: 1"], 1, "CR, LF or NUL"),
        (["jinko", "--body-file", "nowhere"], 2, "cannot read nowhere"),
        (["jinko", "--sign", "verbatim"], 2, "verbatim"),
        (["jinko", "--sign", "old-secret"], 1, "endpoint 'jinko' has no second secret"),
        (["discord", "--sign", "old-secret"], 1, "there is no older one"),
        (["github", "--sign", "stale"], 1, "nothing of it goes stale"),
        (["wink", "--sign", "broken"], 1, "documents no signature"),
        (["wink", "--sign", "missing"], 1, "documents no signature"),
        (["jinko", "--truncate", "100000"], 2, "leave it whole"),
        (["jinko", "--truncate", "0", "--corrupt"], 2, "no byte to change"),
        (["jinko", "--count", "0"], 2, "0"),
        (["jinko", "--count", "1000001"], 2, "1000001"),
        (["jinko", "--count", "1000000", "--duplicate", "1"], 2, "at most 1,000,000"),
        (["jinko", "--seed", "1"], 2, "--seed takes --reorder"),
        (["jinko", "--rate", "fast"], 2, "is no rate"),
        (["jinko", "--delay", "-1"], 2, "more than 0"),
    ],
)
async def test_what_cannot_be_sent_so(
    hooktap: Hooktap, args: list[str], code: int, words: str
) -> None:
    async with serve(answering()) as target:
        done = await run(hooktap, *args, "--to", target.url)

    assert (done.code, done.out) == (code, b"")
    assert words in done.err
    assert target.requests == []


async def test_an_own_body_is_not_called_assumed(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text("{}")
    async with serve(answering()) as target:
        args = ("wink", "--body-file", "own.json", "--json", "--to", target.url)
        done = await run(hooktap, *args)

    assert done.err == ""
    assert json.loads(done.out)["note"] is None
