"""What a diagnosis comes to: the cause of a failed check, and the sentence that says what to change."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a check failed. Each is found by computing it: with that one thing put right, the signature is right."""

    BODY_RESERIALISED = "body_reserialised"
    """Parsed and written anew: white space, order of keys, escapes or numbers differ."""
    BODY_TRAILING_NEWLINE = "body_trailing_newline"
    BODY_LINE_ENDS = "body_line_ends"
    BODY_BOM = "body_bom"
    BODY_CHARSET = "body_charset"
    BODY_COMPRESSED = "body_compressed"
    """The signature is over the body as it was before it was compressed."""
    BODY_WRAPPED = "body_wrapped"
    """The body that was signed is in the one that came: as base64, or as a JSON string."""
    BODY_FORM = "body_form"
    """A form that was parsed and written anew, or turned into JSON."""
    BODY_CUT = "body_cut"
    """The signature is over a part of the body, or over a little more than came."""
    BODY_EMPTY = "body_empty"
    """The signature is over no body at all."""

    SECRET_OF_OTHER = "secret_of_other"  # noqa: S105 - a cause, as all below
    """Another secret that we know made the signature."""
    SECRET_WHITESPACE = "secret_whitespace"  # noqa: S105
    SECRET_QUOTES = "secret_quotes"  # noqa: S105
    SECRET_LINE = "secret_line"  # noqa: S105
    """A whole line of configuration was given as the secret: `NAME=value`."""
    SECRET_PREFIX = "secret_prefix"  # noqa: S105
    """`whsec_` or the like kept where it goes, or lost where it stays."""
    SECRET_ENCODING = "secret_encoding"  # noqa: S105
    """Decoded from base64 or hex where it is text, or the reverse."""
    SECRET_ORDER = "secret_order"  # noqa: S105
    """User name and password of HTTP Basic changed places."""
    SECRET_USER = "secret_user"  # noqa: S105
    """The password of HTTP Basic is right, the user name is not."""
    KEY_FORM = "key_form"
    """The public key is right, and not written as this scheme writes it."""
    KEY_PRIVATE = "key_private"
    """The private key stands where the public one belongs."""

    SIGNATURE_ENCODING = "signature_encoding"
    """Hex where base64 belongs, or the reverse; base64 in another alphabet."""
    SIGNATURE_CASE = "signature_case"
    """Hex in upper case."""
    SIGNATURE_PREFIX = "signature_prefix"
    """`sha256=` or the like is missing, or one too many, or another."""
    HEADER_NAME = "header_name"
    """The signature, or what it signs, stands in another header: an older name, or one that something renamed."""
    HEADER_REPEATED = "header_repeated"
    """A header came several times, and one of them is right."""
    DIGEST = "digest"
    """SHA-1, SHA-256 or SHA-512 where another of them belongs."""
    CONSTRUCTION = "construction"
    """A plain hash over secret and text where an HMAC belongs, or the reverse."""

    TIMESTAMP_LEFT_OUT = "timestamp_left_out"
    """The time was sent, and not signed."""
    TIMESTAMP_MISSING = "timestamp_missing"
    """The time was not sent."""
    TIMESTAMP_UNIT = "timestamp_unit"
    """Seconds where milliseconds belong, and the like."""
    ID_LEFT_OUT = "id_left_out"
    """The id, or another header, was sent and not signed."""
    PART_LEFT_OUT = "part_left_out"
    """The URL, the method or a fixed text was not signed."""
    SEPARATOR = "separator"
    """The parts were joined with another text between them."""
    PART_ORDER = "part_order"
    """The parts were joined in another order."""

    URL_SCHEME = "url_scheme"
    URL_HOST = "url_host"
    URL_PORT = "url_port"
    URL_PATH = "url_path"
    URL_SLASH = "url_slash"
    """A slash at the path's end, added or lost."""
    URL_QUERY = "url_query"
    """The query dropped, added, or in another order."""
    URL_ENCODING = "url_encoding"
    """Percent-encoded in another way."""
    URL_SPELLING = "url_spelling"
    """White space or quotes around it."""

    CLOCK = "clock"
    """The signature is right and its time is not of now."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause that was proven."""

    cause: Cause
    detail: str
    """One sentence for a person: what it is, and what to change and where. It holds no secret and no signature."""
