"""What the corpus of bad HTTP becomes when it is bent: whatever is acknowledged is kept as it was sent.

A connection is read a second time by the grammar of RFC 9112 (`wire.requests_in`). What is kept of it must be how that
reading begins: one request more, or one byte other, and two programs have read it in two ways.
"""

import base64
import itertools
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import process
from tests.process import Running
from tests.wire import (
    ANSWER_S,
    PARSERS,
    Kept,
    Records,
    Wire,
    bad_http,
    requests_in,
    status,
    statuses,
)

LONGEST_BYTES = 4096
"""A case of more has nothing that a short one has not, and takes long."""
EXAMPLES = 900

NEXT = b"POST /in/demo/next HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nnext"
"""Stands behind what is bent: where a body ends a byte too early or too late, this is read wrong."""
WELL = (
    b"POST /in/demo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\none\r\n0\r\nT: 1\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\none",
    b"PUT /in/demo HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\none",
    b"POST /in/demo HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\none",
    b"GET /in/demo?a=b HTTP/1.0\r\nConnection: keep-alive\r\nX-Empty:\r\nX-Dup: 1\r\nx-dup: 2\r\n\r\n",
    b"CONNECT /in/demo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none",
    b"CONNECT /in/demo HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST http://h/in/demo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    b"OPTIONS /in/demo RTSP/1.0\r\nHost: h\r\n\r\n",
    NEXT,
)


def short_cases() -> list[bytes]:
    cases = [case for case in bad_http().values() if "bytes_base64" in case]
    raws = [base64.b64decode(case["bytes_base64"]) for case in cases]
    raws = [raw.replace(b"{{HOST}}", b"h").replace(b"{{PATH}}", b"/in/demo") for raw in raws]
    return [raw for raw in raws if len(raw) <= LONGEST_BYTES]


TELLING = [
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b" ",
        b"\t",
        b"\x0b",
        b":",
        b";",
        b",",
        b"#",
        b"/",
        b"\xff",
        b"\xe2\x84\xaa",
    ),
    *(
        b"0\r\n\r\n",
        b"1\r\n",
        b"Content-Length: 1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
    ),
    *(
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"HTTP/1.0",
        b"HTTP/0.9",
        b"Expect: 100-continue\r\n",
        NEXT,
    ),
]
"""What a parser may stumble over."""


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """One or two cases of the corpus, cut and put together in a few places."""
    base = st.sampled_from([*WELL, *short_cases()])
    raw = draw(base)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.integers(1, 12)))
        match draw(
            st.sampled_from(["delete", "repeat", "flip", "insert", "splice", "ends", "behind"])
        ):
            case "delete":
                raw = raw[:at] + raw[end:]
            case "repeat":
                raw = raw[:end] + raw[at:]
            case "flip":
                raw = (
                    raw[:at]
                    + bytes(byte ^ draw(st.integers(1, 255)) for byte in raw[at : at + 1])
                    + raw[at + 1 :]
                )
            case "insert":
                raw = raw[:at] + draw(st.sampled_from(TELLING)) + raw[at:]
            case "splice":
                other = draw(base)
                raw = raw[:at] + other[draw(st.integers(0, len(other))) :]
            case "ends":
                raw = raw[:at] + raw[at:].replace(
                    b"\r\n", draw(st.sampled_from([b"\n", b"\r", b"\n\r"])), 1
                )
            case _:
                raw += draw(base)
    return raw + NEXT if draw(st.booleans()) else raw


class Rig:
    """An inspector on one parser, asked without an event loop: Hypothesis has none."""

    def __init__(self, running: Running) -> None:
        host, _, port = running.ingress.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self.records = Records(running.data_dir.database)

    def keeps(self, pieces: list[bytes]) -> tuple[bytes, list[Kept]]:
        """Send `pieces` one by one and close this side; return what is answered until the other closes, and kept."""
        before, answers = self.records.last(), b""
        with socket.create_connection(self._address, timeout=ANSWER_S) as connection:
            host, port = connection.getsockname()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    answers += piece
            except OSError:  # refused, and reset because there was more to read
                self._pass_by()
        return answers, self.records.since(before, f"{host}:{port}")

    def _pass_by(self) -> None:
        """Deliver, so that what was sent before is kept by now, if ever."""
        with socket.create_connection(self._address, timeout=ANSWER_S) as connection:
            connection.sendall(Wire(target=b"/in/alive").raw)
            assert status(connection.recv(65536)) == 200


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    name="rig",
    params=PARSERS,
    ids=lambda each: f"{each}-parser",
)
async def make_rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rig]:
    folder = tmp_path_factory.mktemp("rig")
    async with process.inspector(folder, "--quiet", environ=PARSERS[request.param]) as running:
        rig = Rig(running)
        yield rig
        rig.records.close()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(raw=bent(), cuts=st.lists(st.integers(0, LONGEST_BYTES), max_size=4))
def test_what_is_acknowledged_is_kept_as_it_was_sent(rig: Rig, raw: bytes, cuts: list[int]) -> None:
    """However bent, and in whatever pieces it comes."""
    places = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]

    answers, kept = rig.keeps([raw[at:end] for at, end in itertools.pairwise(places)])

    sent = requests_in(raw)
    answered = statuses(answers)
    assert kept == sent[: len(kept)]
    assert sum(200 <= each < 300 for each in answered) <= len(kept)
    assert {each for each in answered if each >= 500} <= {503, 505}
