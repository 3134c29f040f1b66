"""T18, T20: no secret of ours stands anywhere but where its owner put it.

An inspector gets a canary for every secret there is and lives through everything that uses them. Then each is looked
for, as it is and in the spellings it could slip through in: database and its log, stdout, stderr, exports, answers of
the API, the feed, and what the commands print; and in the list of processes while they run.

Some tokens are part of a request by design: a secret path, query, header or login that a provider shows on each
delivery is evidence, kept as it came. They are given to an endpoint of their own, and where they stand is said here.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inspector.core.model import Sign
from inspector.core.wire import JSON
from tests import fakes, process
from tests.threats.command import hooktap
from tests.wire import Wire, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

FROM_ENV, FROM_FILE, FROM_COMMAND = "c4nary-env-8f74", "c4nary-file-19ab", "c4nary-command-55e0"
OFFLINE = "c4nary-offline-7cc1"
VERIFY_TOKEN = "c4nary-verify-token-02d4"
TOKEN = "c4nary-token-scheme-b1e6"
HANDED = "c4nary5207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53"
SIGNING_KEY = b"c4nary-signing-key-of-32-bytes!!"
GUARDED = {kind: f"c4nary-guarded-{kind}-6d" for kind in ("path", "query", "header", "basic")}
"""Required of deliveries, and never shown by any."""
SHOWN = {kind: f"c4nary-shown-{kind}-6d" for kind in ("path", "query", "header", "basic")}
"""Required, and shown by those who know them."""
ENVIRON = {
    "FROM_ENV": FROM_ENV,
    "VERIFY_TOKEN": VERIFY_TOKEN,
    "TOKEN": TOKEN,
    "LOGIN": f"hotel:{TOKEN}",
    **{f"GUARDED_{kind.upper()}": value for kind, value in GUARDED.items()},
    **{f"SHOWN_{kind.upper()}": value for kind, value in SHOWN.items()},
}
REQUIRE = """
[endpoint.{name}]
provider = "wink"
forward_to = "{url}/{name}"
[endpoint.{name}.require]
path = {{ env = "{prefix}_PATH" }}
query = {{ token = {{ env = "{prefix}_QUERY" }} }}
header = {{ X-Token = {{ env = "{prefix}_HEADER" }} }}
basic = {{ user = "hotel", password = {{ env = "{prefix}_BASIC" }} }}
"""
CONFIG = """
[endpoint.github]
provider = "github"
secret = [{{ env = "FROM_ENV" }}, {{ file = "secret.txt" }}]
forward_to = "{url}/github"

[endpoint.jinko]
provider = "jinko"
secret = {{ command = ["cat", "command.txt"] }}
on_invalid = "reject"
forward_to = "{url}/jinko"

[endpoint.discord]
provider = "discord"
secret = {{ file = "public.txt" }}
signing_key = {{ file = "private.txt" }}
forward_to = "{url}/discord"

[endpoint.gitlab]
provider = "gitlab-token"
secret = {{ env = "TOKEN" }}
forward_to = "{url}/gitlab"

[endpoint.mews]
provider = "mews"
secret = {{ env = "TOKEN" }}
forward_to = "{url}/mews"

[endpoint.basic]
provider = "basic-auth"
secret = {{ env = "LOGIN" }}
forward_to = "{url}/basic"

[endpoint.meta]
verify_token = {{ env = "VERIFY_TOKEN" }}
secret = {{ env = "FROM_ENV" }}

[endpoint.asana]
forward_to = "{url}/asana"
"""
BODY = b'{"event":"booking.completed","event_id":"evt_1"}'


def sha256(key: str, signed: bytes) -> bytes:
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest().encode()


def github(key: str, body: bytes = BODY) -> Wire:
    pairs = ((b"X-Hub-Signature-256", b"sha256=" + sha256(key, body)), (b"X-GitHub-Event", b"ping"))
    return Wire(target=b"/in/github", headers=pairs, body=BODY)


def jinko(key: str, *, age_s: int = 0) -> Wire:
    at = b"%d" % (int(time.time()) - age_s)
    signature = b"sha256=" + sha256(key, at + b"." + BODY)
    pairs = ((b"X-Jinko-Timestamp", at), (b"X-Jinko-Signature", signature))
    return Wire(target=b"/in/jinko", headers=pairs, body=BODY)


def asana(key: str) -> Wire:
    return Wire(target=b"/in/asana", headers=((b"X-Hook-Signature", sha256(key, BODY)),), body=BODY)


def discord() -> Wire:
    pairs = ((b"X-Signature-Ed25519", b"00" * 64), (b"X-Signature-Timestamp", b"1"))
    return Wire(target=b"/in/discord", headers=pairs, body=b'{"type":2}')


def wink(endpoint: str, tokens: Mapping[str, str]) -> Wire:
    login = base64.b64encode(f"hotel:{tokens['basic']}".encode())
    return Wire(
        target=f"/in/{endpoint}/{tokens['path']}/extra?token={tokens['query']}".encode(),
        headers=((b"X-Token", tokens["header"].encode()), (b"Authorization", b"Basic " + login)),
        body=b"{}",
    )


def spellings(secret: bytes | str) -> set[bytes]:
    """Return how a secret could stand somewhere: as it is, in hex, and in base64 inside of anything."""
    raw = secret.encode() if isinstance(secret, str) else secret
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + raw)
        found.add(encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4])
    return found


def holds(content: bytes, secret: bytes | str) -> bool:
    return any(spelling in content for spelling in spellings(secret))


@dataclass
class Scene:
    """Where an inspector and its commands have left something, by place."""

    running: process.Running
    folder: Path
    secrets: dict[str, bytes | str] = field(default_factory=dict)
    places: dict[str, bytes] = field(default_factory=dict)
    shown_id: int = 0
    """The delivery that shows its tokens."""
    taken: list[fakes.Taken] = field(default_factory=list)
    """What the app got."""
    plain: list[int] = field(default_factory=list)
    """Every other delivery."""

    async def send(self, wire: Wire) -> int:
        """Send a delivery; return its number, whatever its sender is told."""
        await talk(self.running.ingress, wire.raw)
        async with self.running.client() as client:
            return (await client.deliveries(limit=1))[0][0].id

    async def run(self, *args: str, environ: Mapping[str, str] | None = None) -> None:
        """Run a command; keep what it said as a place."""
        done = await hooktap(self.running.data_dir, *args, environ=environ)
        assert done.code in {0, 1}, done.said
        self.places["hooktap " + " ".join(args)] = done.out + done.err

    def found(self, secrets: Mapping[str, bytes | str], places: Iterable[str]) -> list[str]:
        """Say which secret stands in which of some places."""
        return [
            f"{name} in {place}"
            for place in places
            for name, secret in secrets.items()
            if holds(self.places[place], secret)
        ]


async def _deliveries(scene: Scene) -> None:
    """Right, wrong, stale, and wrong in every way whose cause is looked for with the secrets at hand."""
    wires = [
        github(FROM_ENV),
        github(FROM_FILE),
        github("guessed"),
        github(FROM_COMMAND),  # another endpoint's
        github(FROM_ENV + "\n"),
        github(FROM_ENV, BODY + b"\n"),
        github(FROM_ENV[:-1]),
        Wire(target=b"/in/github", headers=((b"X-GitHub-Event", b"ping"),), body=BODY),
        jinko(FROM_COMMAND),
        jinko(FROM_COMMAND, age_s=3600),
        jinko("guessed"),
        jinko(FROM_ENV),
        asana(HANDED),
        asana("guessed"),
        Wire(target=b"/in/gitlab", headers=((b"X-Gitlab-Token", b"guessed"),), body=BODY),
        Wire(target=b"/in/mews?Token=guessed", body=BODY),
        Wire(target=b"/in/basic", body=BODY),
        discord(),
        wink("guarded", dict.fromkeys(GUARDED, "guessed")),
        Wire(target=b"/in/guarded", body=b"{}"),
    ]
    scene.plain += [await scene.send(wire) for wire in wires]
    scene.shown_id = await scene.send(wink("shown", SHOWN))


async def _handshakes(scene: Scene) -> None:
    """Asana hands its secret over, twice; a stranger tries another; Meta asks, with a guess."""
    for handed in (HANDED, HANDED, "f" * 64):
        wire = Wire(target=b"/in/asana", headers=((b"X-Hook-Secret", handed.encode()),))
        scene.plain.append(await scene.send(wire))
    asked = b"/in/meta?hub.mode=subscribe&hub.challenge=115&hub.verify_token="
    scene.plain.append(await scene.send(Wire(b"GET", asked + b"guessed")))


async def _commands(scene: Scene) -> None:
    """Everything that reads, checks, signs and sends, while the list of processes is watched."""
    verified, mismatched, timed, *tokens, ping = (
        scene.plain[at] for at in (4, 6, 12, 18, 19, 20, 21)
    )
    async with scene.running.client() as client:
        for number in (verified, mismatched, ping):
            for sign in (Sign.FRESH, Sign.VERBATIM, Sign.BROKEN):
                await client.replay(number, sign=sign)
        await client.replay(timed, sign=Sign.STALE)
        for number in tokens:
            await client.replay(number, sign=Sign.FRESH)
            await client.replay(number, sign=Sign.BROKEN)
    raw = scene.folder / "request.http"
    raw.write_bytes(github(OFFLINE).raw)
    offline = ("verify", str(raw), "--provider", "github")
    commands = (
        ("list", "--json", "--limit", "100"),
        ("show", str(mismatched)),
        ("verify", str(mismatched)),
        (*offline, "--secret-env", "OFFLINE"),
        (*offline, "--secret-file", str(scene.folder / "secret.txt"), "--json"),
        ("endpoint", "list", "--json"),
        ("send", "jinko"),
        ("export", str(verified)),
        ("export", str(scene.shown_id)),
        ("export", str(scene.shown_id), "--to", f"{scene.running.ingress}/in/shown"),
        # It goes where the last attempt went, without the part of the path that is our own address.
        ("export", str(scene.shown_id), "--include-secrets"),
    )
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch_processes(scene))
        for pair in batched(commands):
            await asyncio.gather(*(scene.run(*each, environ={"OFFLINE": OFFLINE}) for each in pair))
        watching.cancel()


def batched(commands: Sequence[tuple[str, ...]]) -> Iterator[Sequence[tuple[str, ...]]]:
    """Yield a few at a time: as many as a small machine runs at once."""
    return (commands[at : at + 3] for at in range(0, len(commands), 3))


async def _watch_processes(scene: Scene) -> None:
    """Note what `ps` would show of any process, again and again, until it is cancelled."""
    seen: set[bytes] = set()
    try:
        while True:
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    seen.add(path.read_bytes())
            await asyncio.sleep(0.02)  # as an attacker looks
    finally:
        scene.places["the list of processes"] = b"\n".join(seen)


async def _answers(scene: Scene) -> None:
    """Keep what the API and the feed say of everything there is."""
    place = f"{scene.running.api}/api"
    token = scene.running.data_dir.read_api_token()
    said: dict[str, bytes] = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for path in ("health", "deliveries?limit=500", "endpoints", "providers"):
            said[path] = await _read(session, f"{place}/{path}")
        newest = json.loads(said["health"])["newest"]
        for number in scene.plain:
            for what in ("", "/body", "/attempts", "/verdicts", "/findings"):
                path = f"deliveries/{number}{what}"
                said[path] = await _read(session, f"{place}/{path}")
        async with session.ws_connect(f"{place}/feed?after=0") as feed:
            said["feed"] = b""
            while (
                json.loads(said["feed"].splitlines()[-1] if said["feed"] else "{}").get("id")
                != newest
            ):
                said["feed"] += (await feed.receive_str()).encode() + b"\n"
    scene.places |= {f"API {path}": content for path, content in said.items()}


async def _read(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        assert response.status == 200, url
        return await response.read()


def _files(scene: Scene, when: str) -> None:
    for path in scene.running.data_dir.path.rglob("*"):
        if path.is_file():
            scene.places[f"{path.relative_to(scene.running.data_dir.path)} {when}"] = (
                path.read_bytes()
            )


async def _printed(scene: Scene) -> None:
    """Keep every line of `listen --json`, up to that of a last delivery."""
    last = await scene.send(Wire(target=b"/in/last"))
    lines: list[JSON] = []
    while not lines or lines[-1].get("id") != last:
        lines.append(await scene.running.line())
    scene.places["stdout"] = "\n".join(map(json.dumps, lines)).encode()


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="scene")
async def make_scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Play it all; when the tests look, the inspector has ended."""
    folder = tmp_path_factory.mktemp("canaries")
    public = Ed25519PrivateKey.from_private_bytes(SIGNING_KEY).public_key()
    (folder / "secret.txt").write_text(FROM_FILE)
    (folder / "command.txt").write_text(FROM_COMMAND)
    (folder / "private.txt").write_text(SIGNING_KEY.hex())
    (folder / "public.txt").write_text(public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex())
    stderr = StringIO()
    async with fakes.serve(fakes.answering()) as target:
        config = CONFIG.format(url=target.url) + "".join(
            REQUIRE.format(name=name, url=target.url, prefix=name.upper())
            for name in ("guarded", "shown")
        )
        with redirect_stderr(stderr):
            async with process.inspector(folder, config=config, environ=ENVIRON) as running:
                scene = Scene(running, folder, taken=target.requests)
                for play in (_handshakes, _deliveries, _commands, _answers, _printed):
                    await play(scene)
                _files(scene, "while it runs")
    _files(scene, "afterwards")
    scene.places["stderr"] = stderr.getvalue().encode()
    yield scene


def secrets_of(scene: Scene) -> dict[str, bytes | str]:
    """Return every secret that never came with a delivery."""
    data_dir = scene.running.data_dir
    return {
        "the secret from the environment": FROM_ENV,
        "the secret from a file": FROM_FILE,
        "the secret from a command": FROM_COMMAND,
        "the secret of an offline check": OFFLINE,
        "the verify token": VERIFY_TOKEN,
        "the signing key": SIGNING_KEY,
        "the secret that a token scheme shows": TOKEN,
        **{f"the required {kind}": value for kind, value in GUARDED.items()},
        "the secret handed over": HANDED,
        "the API's token": data_dir.read_api_token(),
        "the samples' seed": data_dir.sample_seed(),
    }


OWN_FILES = {
    "the secret handed over": "handed/asana",
    "the API's token": "api-token",
    "the samples' seed": "sample-seed",
}


async def test_the_scene_was_played(scene: Scene) -> None:
    """Everything that could leak did happen, and every place was looked at."""
    delivered = [json.loads(line) for line in scene.places["stdout"].splitlines()]
    outcomes = {line["verification"]["outcome"] for line in delivered if line["type"] == "delivery"}
    triggers = {line["trigger"] for line in delivered if line["type"] == "attempt"}
    assert outcomes >= {"verified", "mismatch", "stale", "missing"}
    assert triggers >= {"forward", "replay"}
    assert b'"cause"' in b"".join(scene.places[f"API deliveries/{n}/findings"] for n in scene.plain)
    assert {
        "hooktap.db while it runs",
        "hooktap.db-wal while it runs",
        "stderr",
    } <= scene.places.keys()
    assert len(scene.places["hooktap.db-wal while it runs"]) > 100_000
    assert b"inspector" in scene.places["the list of processes"]
    assert b"verify" in scene.places["the list of processes"]


async def test_no_secret_stands_anywhere(scene: Scene) -> None:
    """Each stands in none of all these places but the private file that is its own, if it has one."""
    secrets = secrets_of(scene)
    own = {
        f"{name} in {file} {when}"
        for name, file in OWN_FILES.items()
        for when in ("while it runs", "afterwards")
    }
    assert set(scene.found(secrets, scene.places)) == own


async def test_what_a_delivery_shows_is_evidence(scene: Scene) -> None:
    """The tokens that a stored request shows stand where requests do, and nowhere else."""
    request = {"path", "query", "header", "basic"}
    expected = {
        "hooktap.db afterwards": request,
        "stdout": request,
        "API feed": request,
        "API deliveries?limit=500": request,
        "hooktap list --json --limit 100": request,
        f"hooktap export {scene.shown_id} --include-secrets": {"query", "header", "basic"},
    }
    found = {
        place: {kind for kind, token in SHOWN.items() if holds(content, token)}
        for place, content in scene.places.items()
        if not place.endswith("while it runs")
    }
    assert {place: kinds for place, kinds in found.items() if kinds} == expected


async def test_only_the_app_is_told_a_token(scene: Scene) -> None:
    """A replay signed freshly by a scheme whose signature is the secret: the app gets it, and no record of it (T18)."""
    taken = [request for request in scene.taken if holds(request.head, TOKEN)]
    assert {request.line.split()[1].partition(b"?")[0] for request in taken} == {
        *(b"/gitlab", b"/mews", b"/basic")
    }
    assert b"(not told)" in scene.places["stdout"]


async def test_an_export_says_what_it_left_out(scene: Scene) -> None:
    said = scene.places[f"hooktap export {scene.shown_id}"]
    assert b"Authorization: REDACTED" in said
    assert b"X-Token: REDACTED" in said
    assert b"token=REDACTED" in said


async def test_what_was_handed_over_is_marked(scene: Scene) -> None:
    """In the place of the secret stands that there was one."""
    stored = [json.loads(scene.places[f"API deliveries/{number}"]) for number in scene.plain[:3]]
    values = [dict(each["headers"])["X-Hook-Secret"] for each in stored]
    assert all(value and "f" * 64 not in value for value in values)


async def test_a_canary_would_be_found() -> None:
    """In each of its spellings, also inside of something longer."""
    assert holds(b"x" + FROM_ENV.encode() + b"x", FROM_ENV)
    assert holds(FROM_ENV.encode().hex().encode(), FROM_ENV)
    for before in (b"", b"a", b"ab", b"abc"):
        assert holds(base64.b64encode(before + FROM_ENV.encode() + b"!"), FROM_ENV)
    assert not holds(base64.b64encode(b"something else altogether"), FROM_ENV)
