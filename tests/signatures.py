"""Requests that independent libraries signed and judged; see tests/vectors/README.md."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.model import Request, Verification
from inspector.core.verification import verify

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors" / "signatures.json").read_bytes()
)


def request_of(case: Mapping[str, Any]) -> Request:
    """Return the request of one case."""
    _, _, rest = case["url"].partition("://")
    _, slash, target = rest.partition("/")
    return Request(
        method=case["method"],
        target=(slash + target).encode(),
        headers=Headers(tuple((name.encode(), value.encode()) for name, value in case["headers"])),
        body=base64.b64decode(case["body_base64"]),
    )


def judged(case: Mapping[str, Any]) -> Verification:
    """Check the request of one case by its provider's file."""
    certificates = case.get("certificates", {})

    def fetch(url: str) -> bytes | None:
        found = certificates.get(url)
        return None if found is None else str(found).encode()

    return verify(
        providers.load()[case["provider"]],
        request_of(case),
        [case["secret"]] if case["secret"] else [],
        now_s=case["now"],
        url=case["url"],
        tolerance_s=case.get("tolerance"),
        fetch=fetch,
    )
