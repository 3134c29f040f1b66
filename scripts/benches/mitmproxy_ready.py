"""A script for mitmdump (`-s`) that prints where it listens, once it does; no request runs through it."""

import json

from mitmproxy import ctx  # type: ignore[import-not-found] # it runs in mitmproxy's own Python


def running() -> None:
    """Print the first line that the bench waits for."""
    ((host, port, *_),) = ctx.master.addons.get("proxyserver").listen_addrs()
    print(json.dumps({"url": f"http://{host}:{port}/in/jinko"}), flush=True)
