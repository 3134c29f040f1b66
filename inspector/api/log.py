"""The log of the API's server, without requests that are not HTTP: they are told at length, and no fault of ours."""

import logging

from aiohttp.http_exceptions import HttpProcessingError


def server_log() -> logging.Logger:
    """Return the logger to give to aiohttp's server, which writes a traceback for each request it cannot read."""
    logger = logging.getLogger("inspector.api.server")
    logger.filters = [_is_ours]  # not one more for each server that a process runs
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether something went wrong with us, rather than with a request that any program here may send."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)
