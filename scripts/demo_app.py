#!/usr/bin/env python3
"""A small booking app that receives webhooks, to try Hooktap against: read it, break it, copy from it.

    JINKO_WEBHOOK_SECRET=... python scripts/demo_app.py --port 3000

It knows nothing of Hooktap. `/webhooks/jinko` checks Jinko's signature as Jinko's guide says; `/webhooks/wink` and
`/webhooks/checkfront` show what is left to do when a provider does not sign; every other path just answers 200.
"""

import argparse
import hashlib
import hmac
import json
import logging
import os
import threading
import time
import xml.etree.ElementTree as ET
from collections import OrderedDict
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

TOLERANCE_S = 300
LARGEST_BODY_BYTES = 32 * 1024 * 1024
MOST_FORM_FIELDS = 1000
ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

log = logging.getLogger("demo")


class Refused(Exception):
    """A delivery this app does not accept; the sentence goes back to the sender."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Handled:
    """The ids of the events that were handled, the newest few thousand. A real app keeps them in its database."""

    def __init__(self, limit: int = 10_000) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._limit = limit
        self._lock = threading.Lock()  # Flask serves every request in its own thread

    def add(self, event_id: str) -> bool:
        """Remember `event_id`; False if it was there already."""
        with self._lock:
            if event_id in self._ids:
                return False
            self._ids[event_id] = None
            if len(self._ids) > self._limit:
                self._ids.popitem(last=False)
            return True


def create_app(jinko_secret: str | None) -> Flask:
    """Build the app; without a secret it refuses what Jinko sends, since it could come from anyone."""
    app = Flask("demo")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    handled = Handled()

    @app.post("/webhooks/jinko")
    def jinko() -> str:
        if not jinko_secret:
            raise Refused(500, "JINKO_WEBHOOK_SECRET is not set, so nothing can be checked")
        check_jinko_signature(request, jinko_secret.encode(), now_s=time.time())
        event = as_object(parse_json(request.get_data()))
        event_id, name = event.get("event_id"), event.get("event")
        if not isinstance(event_id, str) or not isinstance(name, str):
            raise Refused(400, "the body has no event_id or no event")
        # The id in the body is signed; the one in X-Jinko-Event-Id is not. Providers retry: once is enough.
        if not handled.add(event_id):
            return say(f"jinko: {event_id!a} was already handled")
        return say(f"jinko: {name!a} of booking {event.get('booking_ref')!a}")

    @app.post("/webhooks/wink")
    def wink() -> str:
        event = as_object(parse_json(request.get_data()))
        # Wink documents no signature, so this may be anyone: look the booking up through its API before acting.
        return say(f"wink: {event.get('event')!a}, unsigned: not to be trusted on its own")

    @app.post("/webhooks/checkfront")
    def checkfront() -> str:
        fields = parse_checkfront(request.mimetype, request.get_data())
        # Checkfront documents no signature either.
        return say(f"checkfront: {' '.join(fields)!a}, unsigned: not to be trusted on its own")

    @app.route("/", defaults={"path": ""}, methods=ANY_METHOD)
    @app.route("/<path:path>", methods=ANY_METHOD)
    def anything_else(path: str) -> str:
        return say(f"{request.method} {'/' + path!a}: {len(request.get_data())} bytes")

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        log.warning("%d %s", error.status, error)
        return Response(f"{error}\n", status=error.status, mimetype="text/plain")

    return app


def check_jinko_signature(received: Request, secret: bytes, *, now_s: float) -> None:
    """Raise Refused unless X-Jinko-Signature is the HMAC of "<timestamp>.<raw body>", made within five minutes."""
    timestamp = received.headers.get("X-Jinko-Timestamp", "")
    signature = received.headers.get("X-Jinko-Signature", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Refused(400, "X-Jinko-Timestamp is missing or not a number")
    if not signature.startswith("sha256="):
        raise Refused(400, "X-Jinko-Signature is missing or does not start with 'sha256='")
    # The raw bytes are signed: a body parsed and written again may differ in a space and never match.
    signed = timestamp.encode() + b"." + received.get_data()
    expected = "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Refused(401, "the signature does not match")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise Refused(400, "the signature is right, but its time is more than 5 minutes off")


def parse_checkfront(mimetype: str, body: bytes) -> list[str]:
    """Return what happened to what, e.g. `["booking", "PAID"]`, from any of Checkfront's three formats."""
    match mimetype:
        case "application/json":
            tree = as_object(parse_json(body))
        case "application/xml" | "text/xml":
            tree = parse_xml(body)
        case "application/x-www-form-urlencoded":
            tree = parse_form(body)
        case _:
            raise Refused(415, "Checkfront sends JSON, XML or a form")
    if "type" in tree:
        return [str(tree["type"]), str(tree.get("action"))]
    booking = tree.get("booking")
    if not isinstance(booking, dict):
        raise Refused(400, "the body has neither a type nor a booking")
    return ["booking", str(booking.get("status"))]


def parse_json(body: bytes) -> Any:
    """Parse a body from outside: neither bad bytes nor a million brackets may end in a traceback."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is not JSON") from error


def as_object(value: Any) -> dict[str, Any]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, dict):
        raise Refused(400, "the body is not a JSON object")
    return value


def parse_form(body: bytes) -> dict[str, Any]:
    """Return a form's fields, with the status of a booking where JSON and XML have it."""
    try:
        form = dict(parse_qsl(body.decode(), errors="strict", max_num_fields=MOST_FORM_FIELDS))
    except ValueError as error:
        raise Refused(400, "the body is not a form") from error
    if "booking[status]" in form:
        return {**form, "booking": {"status": form["booking[status]"]}}
    return {**form}


class NoDoctype(ET.TreeBuilder):
    """Builds the document, but refuses a DTD: entities in it can expand without end, or read files."""

    def doctype(self, *_: object) -> None:
        raise Refused(400, "a document type declaration is not accepted")


def parse_xml(body: bytes) -> dict[str, Any]:
    """Return the first two levels of an XML document as nested dicts of text."""
    try:
        root = ET.fromstring(body, ET.XMLParser(target=NoDoctype()))  # noqa: S314 - it accepts no DTD
    except ET.ParseError as error:
        raise Refused(400, "the body is not XML") from error
    return {
        child.tag: {inner.tag: inner.text for inner in child} if len(child) else child.text
        for child in root
    }


def say(sentence: str) -> str:
    """Log what happened and return it as the answer."""
    log.info("%s", sentence)
    return f"{sentence}\n"


class QuietHandler(WSGIRequestHandler):
    """Leaves the access log out: the app has said what happened."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description="A small app that receives webhooks.")
    parser.add_argument("--port", type=int, default=3000, help="0 takes a free one")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)

    app = create_app(os.environ.get("JINKO_WEBHOOK_SECRET"))
    server = make_server(
        "127.0.0.1", options.port, app, threaded=True, request_handler=QuietHandler
    )
    ready = {"type": "ready", "url": f"http://127.0.0.1:{server.port}", "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
