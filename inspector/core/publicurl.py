"""The URL that a provider was given, as it is for one request."""

from inspector.core.model import Request
from inspector.core.text import decode


def with_query(url: str, request: Request) -> str:
    """Return the URL with the query that came, if one did, in place of its own.

    A provider may add to the query it was given (Twilio's `bodySHA256`), and so may anybody else: what came is what
    the app is to believe, so that is what has to be signed.
    """
    query = decode(request.target.partition(b"?")[2])
    if not query:
        return url
    return f"{url.partition('#')[0].partition('?')[0]}?{query}"
