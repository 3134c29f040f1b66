"""What `doctor` looks at, one function each; none changes anything, and none prints a secret."""

import asyncio
import importlib
import os
import platform
import shutil
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from inspector.client import Client
from inspector.config import Config, load
from inspector.core.forwarding import parse_target
from inspector.datadir import DataDir
from inspector.errors import ConfigError, HooktapError, UnreachableError
from inspector.lag import HELD_S
from inspector.store.database import SQLITE_VERSION, find_damage, put_away, read_version
from inspector.store.longlog import HELD, LONG_BYTES, log_bytes
from inspector.store.space import Disk, describe

LIBRARIES = (
    "aiohttp",
    "aiosqlite",
    "click",
    "cryptography",
    "httptools",
    "platformdirs",
    "textual",
    "websockets",
)
WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The first release with the fix, and the older branches that got it."""
LOOK_INSIDE_S = 5.0
"""For a database: about a gigabyte of it."""
CONNECT_TIMEOUT_S = 2.0
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class State(StrEnum):
    """What a check came to."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; everything works."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    state: State
    detail: str


def ok(name: str, detail: str) -> Check:
    """Return a check with nothing to say against."""
    return Check(name, State.OK, detail)


def note(name: str, detail: str) -> Check:
    """Return a check with something to know."""
    return Check(name, State.NOTE, detail)


def failed(name: str, detail: str) -> Check:
    """Return a check that found what is wrong."""
    return Check(name, State.FAILED, detail)


async def all_of(
    data_dir: DataDir, config_file: Path | None, environ: Mapping[str, str], cwd: Path
) -> list[Check]:
    """Look at everything, what others build on first."""
    found = [*machine(environ), terminal(environ), privacy(data_dir)]
    found += [disk(data_dir), write_ahead_log(data_dir)]
    found.append(await database(data_dir))
    try:
        config = load(environ=environ, cwd=cwd, config_file=config_file, data_dir=data_dir.path)
    except ConfigError as error:
        return [*found, failed("configuration", str(error))]
    found += configuration(config)
    found += [check async for check in doors(config)]
    found += [check async for check in targets(config)]
    return found


def machine(environ: Mapping[str, str]) -> Iterator[Check]:
    """Look at Python, the libraries, and what they were built with."""
    yield ok("python", f"{platform.python_implementation()} {platform.python_version()}")
    for name in LIBRARIES:
        try:
            yield ok(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield failed(name, "is not installed (install hooktap again)")
    try:
        yield ok("uvloop", metadata.version("uvloop"))
    except metadata.PackageNotFoundError:
        yield note("uvloop", "is not installed: all the same, but slower")
    parser = importlib.import_module("aiohttp.http_parser")
    if parser.HttpRequestParser is parser.HttpRequestParserPy:
        yield note("http parser", "aiohttp runs without its C extension: slower, and less strict")
    else:
        yield ok("http parser", "aiohttp's C extension")
    yield _sqlite(SQLITE_VERSION)
    for name in PROXIES:
        if environ.get(name) or environ.get(name.upper()):
            # Not its value: a proxy's URL may hold a password.
            yield note(name, "is set, and not used: deliveries go to your app directly")


def terminal(environ: Mapping[str, str]) -> Check:
    """Look at what `hooktap` would draw on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return note("terminal", "there is none here: `hooktap` alone runs `hooktap listen`")
    columns, lines = shutil.get_terminal_size()
    colors = environ.get("COLORTERM") or "colours unknown"
    found = (
        f"{environ.get('TERM', 'TERM unset')}, {colors}, {columns}x{lines}, {sys.stderr.encoding}"
    )
    if environ.get("TERM", "dumb") == "dumb" or columns < 80 or lines < 24:
        return note("terminal", f"{found}: the terminal wants 80x24, and a TERM that is not dumb")
    return ok("terminal", found)


def configuration(config: Config) -> Iterator[Check]:
    """Look at what was configured: it could be read, so what is left are its warnings."""
    where = config.config_file or "there is no hooktap.toml, and none is needed"
    yield ok("configuration", str(where))
    for warning in config.warnings:
        yield failed("configuration", warning)
    for endpoint in config.endpoints.values():
        count = len(endpoint.secrets)
        yield ok(f"endpoint {endpoint.name}", f"{count} secret{'' if count == 1 else 's'}")
    for name, registration in config.registrations.items():
        yield ok(f"register {name}", f"at {registration.api}, which is not asked here")


def privacy(data_dir: DataDir) -> Check:
    """Look at who may read the data directory and what is in it."""
    if not data_dir.path.exists():
        return note("data directory", f"{data_dir.path} is made on first use")
    try:
        paths = [data_dir.path, *data_dir.path.iterdir()]
        open_ones = [path for path in paths if _is_open(path)]
    except OSError as error:
        return failed("data directory", f"cannot look into {data_dir.path}: {error.strerror}")
    if open_ones:
        names = ", ".join(str(path) for path in open_ones)
        return failed("data directory", f"other users can reach {names} (chmod go= them)")
    return ok("data directory", f"{data_dir.path}, closed to other users")


async def database(data_dir: DataDir) -> Check:
    """Look whether the database can be read, and is whole."""
    if not data_dir.database.exists():
        return note("database", "is made on first use")
    try:
        version = await read_version(data_dir.database)
    except HooktapError as error:
        return failed("database", str(error))
    try:
        damage = await asyncio.to_thread(find_damage, data_dir.database, limit_s=LOOK_INSIDE_S)
    except HooktapError as error:
        return failed("database", str(error))
    except TimeoutError:
        return ok("database", f"version {version} of its schema; too large to look through here")
    if folders := put_away(data_dir.database):
        what = f"{folders[-1]} holds one that was damaged"
        return failed("database", f"{what} (`hooktap doctor --repair` puts back what can be read)")
    if damage is not None:
        what = f"{data_dir.database} is damaged: {damage.splitlines()[-1]}"
        return failed("database", f"{what} (`hooktap doctor --repair` keeps what can be read)")
    return ok("database", f"version {version} of its schema, and whole")


def write_ahead_log(data_dir: DataDir) -> Check:
    """Look how long the log beside the database is: somebody who reads for long keeps it from being put away."""
    name = "write-ahead log"
    size = log_bytes(data_dir.database)
    found = f"{size >> 20} MiB" if size else "there is none"
    return note(name, f"{found}: {HELD}") if size > LONG_BYTES else ok(name, found)


def disk(data_dir: DataDir) -> Check:
    """Look how much room there is for what is received."""
    place = next(
        path for path in (data_dir.path, *data_dir.path.absolute().parents) if path.exists()
    )
    try:
        found = Disk.of(place)
    except OSError as error:
        return note("disk", f"cannot be asked how full it is: {error.strerror}")
    if found.is_low:
        return failed("disk", describe(found))
    if found.is_near:
        return note("disk", describe(found))
    return ok("disk", f"{found.free_bytes >> 20} MiB are free")


async def doors(config: Config) -> AsyncIterator[Check]:
    """Look whether an inspector runs, and if not, whether its ports are free."""
    try:
        async with Client.of(config.data_dir) as client:
            health = await client.health()
    except UnreachableError:
        yield note("inspector", "none runs in this data directory")
    except HooktapError as error:
        yield failed("inspector", str(error))
    else:
        yield ok("inspector", f"process {health['pid']} at {health['ingress']}")
        yield promptness(health["lag_ms"])
        return
    for flag, host, port in (
        ("--port", config.host, config.port),
        ("--api-port", "127.0.0.1", config.api_port),
    ):
        yield _port(flag, host, port)


def promptness(lag_ms: int) -> Check:
    """Look whether something kept the inspector from answering at once."""
    found = f"held for {lag_ms} ms at worst in the last minute"
    if lag_ms > HELD_S * 1000:
        return note("event loop", f"{found}: senders had to wait (is this machine overloaded?)")
    return ok("event loop", found)


async def targets(config: Config) -> AsyncIterator[Check]:
    """Look whether somebody listens at each target."""
    urls = {config.forward_to, *(endpoint.target for endpoint in config.endpoints.values())}
    for url in sorted(filter(None, urls)):
        origin = parse_target(url).origin
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, writer = await asyncio.open_connection(origin.host, origin.port)
        except OSError as error:  # TimeoutError is one
            # Not its strerror, in which asyncio repeats the address.
            reason = os.strerror(error.errno) if error.errno else "no answer in time"
            yield failed("target", f"cannot connect to {url}: {reason}")
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            yield ok("target", f"{url} can be connected to")


def _sqlite(version: str) -> Check:
    number = tuple(map(int, version.split(".")))
    branch_fixed = any(number[:2] == fix[:2] and number >= fix for fix in WAL_RESET_FIXED)
    if branch_fixed or number >= WAL_RESET_FIXED[0]:
        return ok("sqlite", version)
    return note(
        "sqlite",
        f"{version} has the WAL-reset bug, which takes two connections that write; hooktap has one. "
        "Let no other program write to its database",
    )


def _is_open(path: Path) -> bool:
    return os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _port(flag: str, host: str, port: int) -> Check:
    name = f"port {port}"
    if port == 0:
        return ok(name, "any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if (
            os.name == "posix"
        ):  # as the servers do: what the last run left in TIME_WAIT is no obstacle
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return failed(
                name, f"cannot be used at {host}: {error.strerror} (choose another with {flag})"
            )
    return ok(name, f"free at {host}")
