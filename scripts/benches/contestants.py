"""Who is measured: Hooktap, what it is built on, what else people use for this, and the app behind them."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.benches.deliveries import SECRET, SECRET_VARIABLE
from scripts.benches.processes import running, stopped

HOW_TO_GET_MITMDUMP = "mitmdump is not here: `pipx install mitmproxy`, or name it with MITMDUMP"
CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "{variable}" }}
on_invalid = "reject"  # so that a delivery that is not verified ends the bench
reply = "{reply}"
forward_to = "{target}"
"""
MITMDUMP_SETTINGS = (
    # Its quickest honest run. `-q` prints nothing for a request, as `--quiet` does for us. Bodies are not streamed
    # (`stream_large_bodies`): those would be missing from the recording. The target is called when there is something
    # for it (`lazy`), not as soon as a client connects. The onboarding page and the content views are for people, and
    # nobody here speaks HTTP/2. What it checks of a request (`validate_inbound_headers`) stays on, as it does with us.
    "connection_strategy=lazy",
    "onboarding=false",
    "flow_detail=0",
    "http2=false",
    "keep_host_header=true",
)


@dataclass(frozen=True)
class Contestant:
    """One way to receive, where it does so, and the process that does it."""

    name: str
    url: str
    pid: int
    is_target: bool = False
    """Whether others need it on their turn."""


@contextlib.contextmanager
def alone(contestant: Contestant, peers: Iterable[Contestant]) -> Iterator[None]:
    """Stop the others for a while: what one has put off, as we do with the text index, is not to slow the next down."""
    with stopped([peer.pid for peer in peers if peer is not contestant and not peer.is_target]):
        yield


@contextlib.contextmanager
def server(name: str, kind: str) -> Iterator[Contestant]:
    """Run one of `servers.KINDS`."""
    with running(sys.executable, "-m", "scripts.benches.servers", kind) as process:
        url = json.loads(process.said)["url"]
        yield Contestant(name, url, process.pid, is_target=kind == "target")


@contextlib.contextmanager
def hooktap(
    name: str, data_dir: Path, *, target: str | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[Contestant]:
    """Run an inspector that checks Jinko's signature, and with `target` gives the sender that one's answer."""
    config = data_dir.with_suffix(".toml")
    reply = "target" if target else "ack"
    text = CONFIG.format(variable=SECRET_VARIABLE, reply=reply, target=target or "none")
    config.write_text(text, "utf-8")
    command = listen(data_dir, config) + arguments
    with running(*command, environ={SECRET_VARIABLE: SECRET}) as process:
        ready = json.loads(process.said)
        yield Contestant(name, ready["ingress"] + "/in/jinko", process.pid)


def listen(data_dir: Path, config: Path) -> tuple[str, ...]:
    """Return the command that starts an inspector and prints where it listens."""
    return (
        *(program(), "listen", "--json", "--quiet", "--port", "0", "--api-port", "0"),
        *("--config", str(config), "--data-dir", str(data_dir)),
    )


def program() -> str:
    """Return the `hooktap` that this Python has installed."""
    return str(Path(sys.executable).with_name("hooktap"))


def mitmdump_program() -> str | None:
    """Return mitmdump's path: `MITMDUMP`, or what is on the PATH; None if it is nowhere."""
    return shutil.which(os.environ.get("MITMDUMP") or "mitmdump")


@contextlib.contextmanager
def mitmdump(name: str, found: str, target: str, recording: Path) -> Iterator[Contestant]:
    """Run mitmdump as a reverse proxy in front of `target` that writes all it sees to `recording`.

    It neither checks a signature nor waits for the disk.
    """
    upstream = target.removesuffix("/in/jinko")
    settings = [part for each in MITMDUMP_SETTINGS for part in ("--set", each)]
    command = (
        *(found, "-q", "--mode", f"reverse:{upstream}", "-w", str(recording)),
        *("--listen-host", "127.0.0.1", "--listen-port", "0"),
        *("-s", str(Path(__file__).with_name("mitmproxy_ready.py")), *settings),
        *("--set", f"confdir={recording.with_suffix('.conf')}"),
    )
    with running(*command) as process:
        yield Contestant(name, json.loads(process.said)["url"], process.pid)
