"""Names that cross machines: UUID version 7 (RFC 9562, 5.7), which sort by the time they were given."""

RANDOM_BYTES = 10
"""How much randomness one uid takes."""


def uuid7(unix_ms: int, randomness: bytes) -> str:
    """Return the UUIDv7 of `unix_ms` and `RANDOM_BYTES` random bytes, as 36 characters of text."""
    low = int.from_bytes(randomness)
    value = (
        (unix_ms & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (low >> 68) << 64  # 12 bits
        | 0b10 << 62
        | low & 0x3FFF_FFFF_FFFF_FFFF
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
