"""The one delivery that is sent: a booking of 2 KB, signed as Jinko signs, for each way of sending it."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

SECRET = "whsec_bench_only"  # noqa: S105 - signs nothing but this bench
SECRET_VARIABLE = "BENCH_SECRET"  # noqa: S105 - its name
EVENT_ID = "evt_bench"


def booking(size_bytes: int = 2041, event_id: str = EVENT_ID) -> bytes:
    """Return a body of that size."""
    document = {
        "event": "booking.completed",
        "booking_ref": "JNK-TEST00",
        "status": "confirmed",
        "livemode": False,
        "event_id": event_id,
        "padding": "",
    }
    document["padding"] = "x" * (size_bytes - len(json.dumps(document)))
    return json.dumps(document).encode()


BODY = booking()


def signed_headers(body: bytes = BODY, event_id: str = EVENT_ID) -> dict[str, str]:
    """Return the headers of `body` signed now, which are good for five minutes."""
    now = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Jinko-Event-Id": event_id,
        "X-Jinko-Delivery-Id": "dlv_bench",
        "X-Jinko-Timestamp": now,
        "X-Jinko-Signature": f"sha256={signature}",
    }


def wire(url: str, body: bytes = BODY, event_id: str = EVENT_ID) -> bytes:
    """Return the request as it goes over a connection."""
    parts = urlsplit(url)
    signed = signed_headers(body, event_id)
    headers = {"Host": parts.netloc, **signed, "Content-Length": str(len(body))}
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def wrk_script(folder: Path) -> Path:
    """Write what wrk sends, signed now."""
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{BODY.decode()}]==]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in signed_headers().items()]
    script = folder / "delivery.lua"
    script.write_text("\n".join(lines), "utf-8")
    return script
