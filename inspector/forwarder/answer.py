"""Reads one answer: what arrived goes in, a Response or a Failure comes out. No sockets here."""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from inspector.core.forwarding import RESPONSE_CAP_BYTES
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Failure, FailureKind, Response
from inspector.core.text import safe

HEAD_LIMIT_BYTES = 64 * 1024
"""For the answer's head and all interim ones before it."""
HEADERS_LIMIT = 256
INTERIM_LIMIT = 16
DRAIN_BYTES = 1024 * 1024
"""How much more than the cap is read, so that a longish answer ends as its target meant."""
_QUOTED_BYTES = 64


class Answer:
    """The answer to one request, as it comes in. `result` is set as soon as it is settled."""

    def __init__(self, method: str) -> None:
        self.result: Response | Failure | None = None
        self.reusable = False
        """Whether the connection may carry another request."""
        self._is_head = method == "HEAD"
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._beginning = b""
        self._received = 0
        """Bytes that came: of the head while `_status` is 0, after it then."""
        self._interim = 0
        self._status = 0
        self._headers: list[HeaderPair] = []
        self._pieces: list[bytes] = []
        self._body_bytes = 0

    @property
    def heard(self) -> bool:
        """Whether any byte of it has come."""
        return bool(self._beginning)

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        if self._parser is None:  # settled: whatever this is, nobody asked for it
            self.reusable = False
            return
        if len(self._beginning) < _QUOTED_BYTES:
            self._beginning += data[:_QUOTED_BYTES]
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail("the target switched protocols, which nobody asked for")
        except HttpParserError as error:
            self._fail(self._breach(str(error)))
        if self.result is None:
            self._limit()
        if self.result is not None:
            self._parser = None  # it holds our methods: without this, a cycle for each answer

    def end(self, verb: str) -> None:
        """Settle it because the target `verb` ("closed", "reset") the connection."""
        self.reusable = False
        if self.result is None:
            if self._status and self._lasts_until_close() and verb == "closed":
                self._settle(reusable=False)
            else:
                after = f"after {self.progress()}" if self.heard else "without answering"
                self._fail(f"the target {verb} the connection {after}", FailureKind.DISCONNECTED)
        self._parser = None

    def expire(self, sentence: str) -> None:
        """Settle it because the time is over."""
        self.reusable = False
        if self.result is None:
            self._fail(sentence, FailureKind.TIMEOUT)
        self._parser = None

    def progress(self) -> str:
        """Say what has come so far, for the end of a sentence."""
        if not self._status:
            return f"{self._received} bytes of a head" if self.heard else "nothing"
        declared = self._declared_bytes()
        if declared is not None:
            return f"status {self._status} and {self._body_bytes} of {declared} body bytes"
        return f"status {self._status} and {self._body_bytes} body bytes without an end"

    # What the parser calls. Once there is a result, the rest of the same read still passes through here.

    def on_message_begin(self) -> None:
        """Notice that a second answer begins, which nobody asked for."""
        if self.result is not None:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head. Trailers are dropped."""
        if self._status or self.result is not None:
            return
        self._headers.append((name, value))
        if len(self._headers) > HEADERS_LIMIT:
            self._fail(f"the target's answer has more than {HEADERS_LIMIT} headers")

    def on_headers_complete(self) -> None:
        """Judge a head, the final one or an interim one."""
        if self.result is not None or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status < 100 or not self._beginning.lstrip(b"\r\n").startswith(b"HTTP/1."):
            self._fail(self._breach("HTTP/1.1 is spoken here"))
        elif status < 200:
            self._interim += 1
            if self._interim > INTERIM_LIMIT:
                self._fail(f"the target sent more than {INTERIM_LIMIT} interim (1xx) answers")
        elif self._head_bytes() > HEAD_LIMIT_BYTES:
            self._fail(_HEAD_TOO_LONG)
        else:
            self._status = status
            self._received = 0
            if self._is_head:
                self._settle(reusable=self._parser.should_keep_alive())

    def on_body(self, data: bytes) -> None:
        """Keep the body up to the cap and count the rest."""
        if self.result is not None:
            self.reusable = False
            return
        if self._body_bytes < RESPONSE_CAP_BYTES:
            self._pieces.append(data)
        self._body_bytes += len(data)

    def on_message_complete(self) -> None:
        """Settle, unless it was an interim answer."""
        if self.result is not None or self._parser is None:
            return
        if self._status:
            self._settle(reusable=self._parser.should_keep_alive())
        else:
            self._headers.clear()

    def _head_bytes(self) -> int:
        if self._received <= HEAD_LIMIT_BYTES:
            return self._received
        # A single read may have brought a good deal of the body too.
        return sum(len(name) + len(value) for name, value in self._headers)

    def _limit(self) -> None:
        most = RESPONSE_CAP_BYTES + DRAIN_BYTES
        if not self._status:
            if self._received > HEAD_LIMIT_BYTES:
                self._fail(_HEAD_TOO_LONG)
        # Counted as received, so that neither tiny chunks nor endless trailers get past.
        elif self._received > most or (
            self._body_bytes > RESPONSE_CAP_BYTES and (self._declared_bytes() or 0) > most
        ):
            self._settle(reusable=False, cut=True)

    def _settle(self, *, reusable: bool, cut: bool = False) -> None:
        whole = self._body_bytes
        if cut:
            whole = max(whole, self._declared_bytes() or 0)
        self.result = Response(
            status=self._status,
            headers=Headers(tuple(self._headers)),
            body=b"".join(self._pieces)[:RESPONSE_CAP_BYTES],
            body_bytes=whole,
            truncated=cut or whole > RESPONSE_CAP_BYTES,
        )
        self.reusable = reusable

    def _fail(self, sentence: str, kind: FailureKind = FailureKind.MALFORMED) -> None:
        if self.result is None:
            self.result = Failure(kind, sentence)

    def _breach(self, reason: str) -> str:
        if self._status:
            return f"the target's answer goes wrong after {self.progress()}: {safe(reason)}"
        beginning = safe(self._beginning[:_QUOTED_BYTES])
        return f"the target's answer is not HTTP: it begins with '{beginning}' ({safe(reason)})"

    def _declared_bytes(self) -> int | None:
        length = Headers(tuple(self._headers)).get(b"Content-Length")
        return None if length is None else int(length)

    def _lasts_until_close(self) -> bool:
        # RFC 9112, 6.3: neither a length nor chunks. The parser has refused answers that claim both.
        codings = Headers(tuple(self._headers)).get_all(b"Transfer-Encoding")
        chunked = bool(codings) and codings[-1].lower().rstrip().endswith(b"chunked")
        return not chunked and self._declared_bytes() is None


_HEAD_TOO_LONG = f"the head of the target's answer is longer than {HEAD_LIMIT_BYTES // 1024} KiB"
