"""Words of a POSIX shell: whatever bytes they are to be, as text that no terminal, line editor or eye can mistake."""

import base64
import shlex
from urllib.parse import quote

from inspector.core.text import decode, encode, safe, safe_lines

TEXT_CAP_BYTES = 64 * 1024
"""Longer bodies are piped: Linux takes no single argument of more than 128 KiB."""
URL_SAFE = "!\"$%&'()*+,/:;<=>?@[\\]^`{|}"
"""All of printable ASCII but the space and `#`, where a client would cut the URL."""


def word(raw: bytes) -> str:
    """Return a word that the shell reads as these bytes."""
    text = decode(raw)
    if safe(text) == text:
        return shlex.quote(text)
    # `!` too: an interactive bash expands its history inside double quotes.
    octal = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'%\\-!" else f"\\{byte:03o}"
        for byte in raw
    )
    return f"\"$(printf '{octal}')\""


def url_word(url: str) -> str:
    """Return a URL as a word: what no URL may hold is percent-encoded, and nothing else."""
    return shlex.quote(ascii_url(url))


def ascii_url(url: str) -> str:
    """Return a URL in ASCII, with what it may not hold percent-encoded."""
    return quote(encode(url), safe=URL_SAFE)


def text_word(body: bytes) -> str | None:
    """Return a short body of text as a word; None where it has to be piped."""
    if len(body) <= TEXT_CAP_BYTES and safe_lines(body, tab_width=0) == decode(body):
        return shlex.quote(decode(body))
    return None


def pipe(body: bytes) -> str:
    """Return what pipes any bytes into the command that follows it."""
    return f"printf %s '{base64.encodebytes(body).decode('ascii')}' | base64 -d | "
