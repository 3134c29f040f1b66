"""What a caller asks of a sample, which may hold a whole body of its own."""

from aiohttp import web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.api.replaying import ORDER_MAX_BYTES
from inspector.core import variations
from inspector.core.variations import Variation


async def sample_order(request: web.Request) -> tuple[dict[str, str], Variation]:
    """Return the order's texts, and what is to be different about the sample."""
    data = await parameters.object_of(request.clone(client_max_size=ORDER_MAX_BYTES))
    try:
        variation = variations.take(data)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return parameters.texts_of(data, "provider", "event", "format", "endpoint"), variation
