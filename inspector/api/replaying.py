"""What a caller asks of a replay, which may hold a whole edited request."""

from aiohttp import web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.core.edits import BODY_MAX_BYTES, HEAD_MAX_BYTES, Edit, edit_from_json

ORDER_MAX_BYTES = 2 * (BODY_MAX_BYTES + HEAD_MAX_BYTES)
"""More than the longest edit in Base64, its headers written as JSON."""


async def replay_order(request: web.Request) -> tuple[dict[str, str], Edit | None]:
    """Return the order's texts, and its edit if it has one."""
    data = await parameters.object_of(request.clone(client_max_size=ORDER_MAX_BYTES))
    edit = data.pop("edit", None)
    fields = parameters.texts_of(data, "to", "sign")
    try:
        return fields, None if edit is None else edit_from_json(edit)
    except ValueError as error:
        raise bad_request(str(error)) from None
