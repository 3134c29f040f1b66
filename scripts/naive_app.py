#!/usr/bin/env python3
"""The webhook handler of many a tutorial, to see what `hooktap lab` has to say of it. Do not copy from it.

    python scripts/naive_app.py --port 3000

It reads the JSON, prints it and answers 200, whoever sent it.
"""

import argparse
import json
import logging
import os

from flask import Flask, request
from werkzeug.serving import make_server

app = Flask("naive")


@app.post("/webhook")
def webhook() -> tuple[str, int]:
    data = json.loads(request.data)
    print("received:", data)
    return "success", 200


def main() -> None:
    parser = argparse.ArgumentParser(description="The webhook handler of many a tutorial.")
    parser.add_argument("--port", type=int, default=3000, help="0 takes a free one")
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)

    server = make_server("127.0.0.1", options.port, app, threaded=True)
    ready = {"type": "ready", "url": f"http://127.0.0.1:{server.port}", "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
