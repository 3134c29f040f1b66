"""The demo: an app on localhost, Hooktap in front of it, and a secret that both know."""

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "demo"

CONFIG = """\
# Written anew by `./scripts/start --demo`; see the README for what else can stand here.
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "JINKO_WEBHOOK_SECRET" }}
forward_to = "{app}/webhooks/jinko"

[endpoint.wink]
provider = "wink"
forward_to = "{app}/webhooks/wink"

[endpoint.checkfront]
provider = "checkfront"
forward_to = "{app}/webhooks/checkfront"
"""


def main() -> int:
    """Start the app, run `hooktap` with the given arguments in front of it, stop the app."""
    # Ctrl-C is for the terminal, or the pager it has opened. (To ignore the signal would be inherited.)
    signal.signal(signal.SIGINT, lambda *_: None)
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = os.environ | {"JINKO_WEBHOOK_SECRET": _secret()}
    with (DATA / "app.log").open("ab") as log:
        app = subprocess.Popen(
            [sys.executable, ROOT / "scripts" / "demo_app.py", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environ,
            start_new_session=True,
        )
    try:
        assert app.stdout is not None
        url = json.loads(app.stdout.readline())["url"]
        config = DATA / "hooktap.toml"
        config.write_text(CONFIG.format(app=url))
        command = [sys.executable, "-m", "inspector", *sys.argv[1:]]
        where = ["--config", str(config), "--data-dir", str(DATA / "store")]
        return subprocess.run([*command, *where], env=environ, check=False).returncode
    finally:
        app.terminate()
        app.wait(10)


def _secret() -> str:
    # Kept, so that what was stored last time still verifies and replays today.
    path = DATA / "secret"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"jks_{secrets.token_hex(16)}")
    return path.read_text()


if __name__ == "__main__":
    sys.exit(main())
