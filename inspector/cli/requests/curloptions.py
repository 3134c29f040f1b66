"""The options of curl: taken apart by their long names, and told which of them matter to a request."""

from collections.abc import Collection, Iterator, Sequence

from inspector.core.text import decode
from inspector.errors import ConfigError

# fmt: off
_FLAGS = frozenset((
    "buffer", "compressed", "disable", "fail", "fail-early", "fail-with-body", "get", "globoff", "head", "http1.0",
    "http1.1", "http2", "http2-prior-knowledge", "http3", "include", "insecure", "ipv4", "ipv6", "junk-session-cookies",
    "keepalive", "location", "location-trusted", "parallel", "path-as-is", "progress-bar", "progress-meter", "raw",
    "remote-header-name", "remote-name", "remote-time", "sessionid", "show-error", "silent", "ssl-reqd",
    "styled-output", "tcp-nodelay", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "verbose",
))
"""Without a value; each may have `no-` before it. All but a few only say how curl goes about it."""
_INDIFFERENT = frozenset((
    "cacert", "capath", "cert", "cert-type", "ciphers", "connect-timeout", "connect-to", "cookie-jar", "dns-servers",
    "dump-header", "expect100-timeout", "interface", "key", "key-type", "limit-rate", "max-redirs", "max-time",
    "noproxy", "output", "pass", "preproxy", "proxy", "proxy-header", "proxy-user", "resolve", "retry", "retry-delay",
    "retry-max-time", "socks5", "socks5-hostname", "stderr", "tls-max", "trace", "trace-ascii", "unix-socket",
    "write-out",
))
"""With a value, which changes nothing about the request."""
_SHORT = {
    "A": "user-agent", "b": "cookie", "c": "cookie-jar", "d": "data", "D": "dump-header", "e": "referer",
    "E": "cert", "f": "fail", "g": "globoff", "G": "get", "H": "header", "i": "include", "I": "head",
    "j": "junk-session-cookies", "J": "remote-header-name", "k": "insecure", "L": "location", "m": "max-time",
    "N": "no-buffer", "o": "output", "O": "remote-name", "q": "disable", "R": "remote-time", "s": "silent",
    "S": "show-error", "u": "user", "U": "proxy-user", "v": "verbose", "w": "write-out", "x": "proxy", "X": "request",
    "Z": "parallel", "#": "progress-bar", "0": "http1.0", "1": "tlsv1", "4": "ipv4", "6": "ipv6",
}
# fmt: on


def read(words: Sequence[bytes], understood: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield each option by its long name with its value, None if it takes none; a word on its own is a `url`.

    `understood` are those with a value that matter. Raises ConfigError for an option that is none of these.
    """
    left = iter(words)
    for word in left:
        text = decode(word)
        if text.startswith("--") and len(text) > 2:
            option = text[2:]
            yield option, _value(option, left) if _has_value(option, understood) else None
        elif text.startswith("-") and len(text) > 1:
            yield from _cluster(word[1:], left, understood)
        else:
            yield "url", word


def _cluster(
    letters: bytes, left: Iterator[bytes], understood: Collection[str]
) -> Iterator[tuple[str, bytes | None]]:
    """Yield what `-sXPOST` holds: options without a value, of which the last may have one."""
    for at in range(len(letters)):
        letter = decode(letters[at : at + 1])
        option = _SHORT.get(letter)
        if option is None:
            raise _unknown(f"-{letter}")
        if _has_value(option, understood):
            yield option, letters[at + 1 :] or _value(option, left)
            return
        yield option, None


def _has_value(option: str, understood: Collection[str]) -> bool:
    if option in _INDIFFERENT or option in understood:
        return True
    if option in _FLAGS or option.removeprefix("no-") in _FLAGS:
        return False
    raise _unknown(f"--{option}")


def _value(option: str, left: Iterator[bytes]) -> bytes:
    value = next(left, None)
    if value is None:
        raise ConfigError(f"--{option} has no value")
    return value


def _unknown(option: str) -> ConfigError:
    return ConfigError(
        f"the option '{option}' of curl is not read here: save the request itself instead"
    )
