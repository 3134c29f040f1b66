"""T17: an exported command, pasted into a shell, sends the delivery and does nothing else."""

import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from inspector.core.export import FORMATS, copy_of, curl
from inspector.core.headers import HeaderPair, Headers
from inspector.core.text import safe_lines
from tests import elsewhere, fakes, process
from tests.factories import delivery, request
from tests.threats.command import hooktap
from tests.wire import Wire, stored_as, talk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        shutil.which("curl") is None and os.environ.get("CI") != "true",
        reason="no curl on this machine",
    ),
]

SHELL_S = 60
CANARY = "h4cked"
"""What every attack tries to run: a program of that name, first in PATH, that leaves a file behind."""
RUN = (
    *(
        f"$({CANARY})",
        f"`{CANARY}`",
        f"'; {CANARY} #",
        f"';{CANARY};'",
        f'"; {CANARY} #',
        f"\n{CANARY}\n",
    ),
    *(
        f"\r{CANARY}\r",
        f"'\n{CANARY} #",
        f"\\'; {CANARY} #",
        f"$'\\n'{CANARY}",
        f"| {CANARY}",
        f"& {CANARY} &",
    ),
    *(
        f"&& {CANARY}",
        f"; {CANARY}",
        f"%0a{CANARY}%0d%0a",
        f"${{IFS}}{CANARY}",
        f"!{CANARY}",
        "!!",
        f"<({CANARY})",
    ),
    *(
        f"'\"'\"'; {CANARY} #",
        f"\\\n{CANARY}",
        f"$(({CANARY}))",
        f"~;{CANARY}",
        f"\0{CANARY}",
        f"'\0'; {CANARY}",
    ),
    *(
        f"\x1b[201~\n{CANARY}\n",
        f"\u2028{CANARY}\u2029",
        f"\u202e{CANARY}",
        f"%s%n'$({CANARY})",
        f"\\047;{CANARY};\\047",
    ),
)
FILES = (
    *(
        "@/etc/passwd",
        "@-",
        "</etc/passwd",
        "a@b;type=text/plain",
        "--config /etc/passwd",
        "-K/etc/passwd",
    ),
    *(
        "-o/tmp/h4cked",
        "--output=h4cked",
        "--next",
        "-T/etc/passwd",
        "file:///etc/passwd",
        "--proxy=127.0.0.1:9",
    ),
)
NAMES = (
    "X-A",
    "x-a",
    "X-'A",
    "X-`h4cked`",
    "X-$A",
    "X-!h4cked",
    "X-|h4cked",
    "X-&h4cked",
    "X-#~^*+.%",
)


@dataclass(frozen=True)
class Shell:
    """A shell in a folder of its own, where running the canary leaves a file."""

    folder: Path

    async def run(self, script: str) -> bytes:
        """Run a script; return its stderr, which must be all there is to see of it."""
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        (bin_ / CANARY).write_text(f'#!/bin/sh\n: > "{self.folder}/{CANARY}"\n')
        (bin_ / CANARY).chmod(0o755)
        shell = await asyncio.create_subprocess_exec(
            "sh",
            cwd=self.folder,
            env={"PATH": f"{bin_}:/usr/bin:/bin", "HOME": str(self.folder)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SHELL_S):
            _, said = await shell.communicate(script.encode())
        assert shell.returncode == 0, said.decode()
        return said

    def assert_clean(self) -> None:
        """Nothing was run, and nothing written."""
        assert [path.name for path in self.folder.iterdir()] == ["bin"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="echo")
async def make_echo() -> AsyncIterator[fakes.Target]:
    async with fakes.serve(fakes.closing()) as target:
        yield target


async def test_the_canary_sings(shell: Shell) -> None:
    """The trap works: one who does run it is seen."""
    await shell.run(f"echo {RUN[0]}")
    assert (shell.folder / CANARY).exists()


def hostile_texts() -> Iterator[tuple[str, bytes]]:
    """Yield as header value and as body: every attack, and 200 made of their pieces."""
    roll = random.Random(17)  # the same cases in every run
    pieces = [*RUN, *FILES, "'", '"', "\\", "\n", "$", "é", "\u202e", "\udc9b"]
    for text in [*RUN, *FILES]:
        yield text, text.encode()
    for _ in range(200):
        text = "".join(roll.choice(pieces) for _ in range(roll.randrange(1, 6)))
        yield text, text.encode("utf-8", "surrogateescape")


async def test_no_command_runs(shell: Shell, echo: fakes.Target) -> None:
    """Whatever stands in header, body and path: the app gets it as it was, and the shell runs curl alone."""
    sent: list[tuple[list[HeaderPair], bytes]] = []
    script = ""
    for index, (text, body) in enumerate(hostile_texts()):
        # What no parser lets in, no header of a stored delivery holds.
        value = text.encode("utf-8", "surrogateescape").translate(None, b"\0\r\n").strip()
        pairs = [(NAMES[index % len(NAMES)].encode(), value or b"x"), (b"Content-Type", b"a/b")]
        made = delivery(request=request(headers=Headers(tuple(pairs))), body=body)
        command = curl(copy_of(made, body, f"{echo.url}/{index}/{text}"))
        assert safe_lines(command, tab_width=0) == command
        sent.append((pairs, body))
        script += command.replace("curl ", "curl --silent --show-error --max-time 20 ", 1) + "\n"
    before = len(echo.requests)

    assert await shell.run(script) == b""

    shell.assert_clean()
    taken = echo.requests[before:]
    assert len(taken) == len(sent) >= 200
    for index, (request_, (pairs, body)) in enumerate(zip(taken, sent, strict=True)):
        assert request_.line.startswith(b"POST /%d/" % index)
        assert request_.body == body
        assert [pair for pair in request_.pairs if pair[0] in dict(pairs)] == pairs
        assert b"root:" not in request_.head + request_.body


@pytest.mark.parametrize(("name", "program"), [("python", sys.executable), ("fetch", "node")])
async def test_no_script_runs_anything_else(
    shell: Shell, echo: fakes.Target, name: str, program: str
) -> None:
    """The same attacks, each in value, body and path of one script that is run by its own interpreter."""
    elsewhere.needs(program)
    copies = []
    for index, (text, body) in enumerate(hostile_texts()):
        # Of controls, fetch refuses more than those that no parser lets in.
        controls = bytes(range(32)) + b"\x7f"
        value = text.encode("utf-8", "surrogateescape").translate(None, controls).strip()
        pairs = ((b"X-A", value or b"x"), (b"Content-Type", b"a/b"))
        made = delivery(request=request(headers=Headers(pairs), body=b""))
        copies.append(copy_of(made, body, f"{echo.url}/{index}/{text}"))
    script = FORMATS[name].write(copies, "0.1.0").decode()
    assert safe_lines(script, tab_width=0) == script
    before = len(echo.requests)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"exported{FORMATS[name].suffix}"
        path.write_text(script, "utf-8")
        assert await shell.run(f"{program} {path}") == b""

    shell.assert_clean()
    taken = {int(each.line.split(b"/")[1]): each for each in echo.requests[before:]}
    assert len(taken) == len(copies) >= 200
    for index, copy in enumerate(copies):
        assert taken[index].body == copy.request.body
        # The requests that fetch makes carry bytes as they are, too: a character stands for each.
        assert taken[index].header(b"X-A") == [copy.request.headers.get(b"X-A")]
        assert b"root:" not in taken[index].head + taken[index].body


async def test_a_stored_delivery_exported_by_the_command(
    shell: Shell, echo: fakes.Target, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From the socket to the shell: what a hostile sender sent is printed safe, and sends itself again."""
    folder = tmp_path_factory.mktemp("exports")
    wire = Wire(
        target=f"/in/demo/';{CANARY};'/$({CANARY})?a=`{CANARY}`&b=@/etc/passwd&c=[1-3]{{x,y}}".encode(),
        headers=tuple((b"X-A", text.encode()) for text in RUN if text.isprintable()),
        body=b"@/etc/passwd\n';%b;'\x1b[201~\n%b\n\0" % (CANARY.encode(), CANARY.encode()),
    )
    async with process.inspector(folder, "--quiet") as running:
        number = stored_as(await talk(running.ingress, wire.raw))
        done = await hooktap(running.data_dir, "export", str(number), "--to", echo.url)
    assert done.code == 0, done.said
    assert safe_lines(done.out, tab_width=0) == done.out.decode()

    await shell.run(done.out.decode().replace("curl ", "curl --silent --output /dev/null ", 1))

    shell.assert_clean()
    taken = echo.requests[-1]
    assert taken.body == wire.body
    assert taken.header(b"X-A") == [value for _, value in wire.headers]
    assert taken.line == b"POST " + wire.target.removeprefix(b"/in/demo") + b" HTTP/1.1"


async def test_an_exported_command_is_read_without_a_shell(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`hooktap verify` takes such a command as a request: it runs nothing of it, and reads no file for it."""
    folder = tmp_path_factory.mktemp("verify")
    written = folder / "request.sh"
    for attack in (
        "--data-binary @/etc/passwd",
        f'-H "x: $({CANARY})"; {CANARY}',
    ):
        written.write_text(f"curl http://127.0.0.1:9/in/jinko {attack}\n")
        said = await shell.run(
            f"PYTHONPATH={process.ROOT} {sys.executable} -m inspector verify {written} -p jinko "
            "2>&1 | grep -c root: >&2 || true"
        )
        assert said == b"0\n"
    shell.assert_clean()
