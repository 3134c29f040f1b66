"""A certificate authority of this machine's own, for a stand-in that speaks https. It lies in the data directory.

Its key can vouch for any name to whoever trusts it, so only its owner can read it, and only a client that is told to
trusts it.
"""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from inspector.datadir import write_private
from inspector.errors import HooktapError

if TYPE_CHECKING:
    from trustme import CA

NAMES: Final = ("localhost", "127.0.0.1", "::1")
LASTS: Final = timedelta(days=30)
"""How long a certificate is good for: one is issued whenever a stand-in starts."""
CERTIFICATE: Final = "simulate-ca.pem"
KEY: Final = "simulate-ca-key.pem"


class Authority(NamedTuple):
    """What a server on this machine needs, and what its clients do."""

    context: ssl.SSLContext
    certificate: Path
    """Of the authority: for clients, to trust."""


def of(folder: Path) -> Authority:
    """Return the authority that lies in `folder`, made on first use. Raises HooktapError without the extra."""
    ca = _authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    now = datetime.now(UTC)
    # Clocks differ a little, also from that of the machine in a container.
    ca.issue_cert(*NAMES, not_before=now - timedelta(days=1), not_after=now + LASTS).configure_cert(
        context
    )
    return Authority(context, folder / CERTIFICATE)


def _authority(folder: Path) -> "CA":
    try:
        from trustme import CA
    except ImportError as error:
        raise HooktapError(
            "--tls needs the extra 'simulate': pipx install '.[simulate]' where Hooktap lies"
        ) from error
    certificate, key = folder / CERTIFICATE, folder / KEY
    try:
        return CA.from_pem(certificate.read_bytes(), key.read_bytes())
    except (OSError, ValueError):  # there is none yet, or half of one
        pass
    ca = CA(organization_name="Hooktap", organization_unit_name="stand-ins on this machine")
    try:
        write_private(key, ca.private_key_pem.bytes())
        write_private(certificate, ca.cert_pem.bytes())
    except OSError as error:
        raise HooktapError(
            f"cannot keep a certificate authority in {folder}: {error.strerror}"
        ) from error
    return ca
