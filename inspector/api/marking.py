"""What a caller asks of a delivery's mark."""

from aiohttp import web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.core.marks import MarkOrder, note_of


async def mark_order(request: web.Request) -> MarkOrder:
    """Return what the body asks for: `marked` true or false, `note` text. What is not there stays as it is."""
    data = await parameters.object_of(request)
    marked = data.pop("marked", None)
    if not isinstance(marked, bool | None):
        raise bad_request("marked: must be true or false")
    note = parameters.texts_of(data, "note").get("note")
    try:
        return MarkOrder(marked, None if note is None else note_of(note))
    except ValueError as error:
        raise bad_request(f"note: {error}") from None
