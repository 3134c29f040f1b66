"""Why a request is answered with an error and not stored."""

from inspector.core.headers import HeaderPair


class Refused(Exception):
    """A request that is answered with an error and not stored."""

    def __init__(self, status: int, sentence: str, *headers: HeaderPair) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers


class NotHttp(Refused):
    """One that the parser let through, and that another might read differently (RFC 9112, 6.1 and 6.3)."""
