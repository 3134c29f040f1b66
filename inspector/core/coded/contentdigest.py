"""The digest of the body that stands in a header (RFC 9530): what it proves, and writing a new one."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import replace

from inspector.core.coded import components, structured, structuredreader
from inspector.core.coded.structured import Bare, InnerList, Item, Member
from inspector.core.coded.structuredreader import StructureError
from inspector.core.model import Request

NAME = "content-digest"

_ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512"}
"""Those of RFC 9530, 5 that are not deprecated."""


def proves(request: Request, covered: InnerList) -> tuple[bool, bool]:
    """Return whether a digest that we can compute is covered, and whether what is covered is this body's.

    Raises StructureError.
    """
    keys = _keys(covered)
    if not keys:
        return False, True
    members = structuredreader.parse_dictionary(components.field_value(request, NAME) or b"")
    names = [name for name in _ALGORITHMS if name in members and not keys.isdisjoint({None, name})]
    return bool(names), all(_is_of(members[name], name, request.body) for name in names)


def renewed(request: Request, covered: InnerList) -> Request:
    """Return `request` with the digest of its body, by the same algorithms, if any is covered."""
    keys = _keys(covered)
    if not keys:
        return request
    try:
        old = structuredreader.parse_dictionary(components.field_value(request, NAME) or b"")
    except StructureError:
        old = {}
    wanted: Collection[Bare | None] = {*old, *keys}
    names = [name for name in _ALGORITHMS if name in wanted] or ["sha-256"]
    made = {name: Item(_digest(name, request.body)) for name in names}
    headers = request.headers.replacing(b"Content-Digest", structured.write_dictionary(made))
    return replace(request, headers=headers)


def _keys(covered: InnerList) -> set[Bare | None]:
    """Return which members of the header are covered; None stands for all of them."""
    return {item.parameters.get("key") for item in covered.items if item.value == NAME}


def _is_of(member: Member, name: str, body: bytes) -> bool:
    value = member.value if isinstance(member, Item) else None
    return isinstance(value, bytes) and hmac.compare_digest(_digest(name, body), value)


def _digest(name: str, body: bytes) -> bytes:
    return hashlib.new(_ALGORITHMS[name], body).digest()
