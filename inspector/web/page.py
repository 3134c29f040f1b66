"""The page that textual-serve's script runs in, and the headers that keep a browser from doing anything else."""

from typing import Final

from aiohttp import hdrs

SOCKET: Final = "/ws"
STATIC: Final = "/static"
SCRIPT: Final = "/page.js"

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # a page of another's may not lay ours under its own buttons
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
}
"""On every answer."""

FONT_PX: Final = 15

# The script looks for `.textual-terminal`, and tells by `-first-byte` and `-closed` on the body how far it is.
_HTML: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Hooktap</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{static}/css/xterm.css">
<style>
@font-face {{
  font-family: "Roboto Mono";
  src: url("{static}/fonts/RobotoMono-VariableFont_wght.ttf");
  font-weight: 100 700;
}}
html, body {{ height: 100%; margin: 0; background: #121212; color: #e0e0e0; }}
body {{ overflow: hidden; font: 16px "Roboto Mono", monospace; }}
.textual-terminal {{ position: absolute; inset: 0; }}
.note {{ position: absolute; inset: 0; display: grid; place-content: center; text-align: center; }}
.note a {{ color: inherit; }}
.ended {{ display: none; background: #121212e6; z-index: 10; }}
.-first-byte .starting {{ display: none; }}
.-closed .starting {{ display: none; }}
.-closed .ended {{ display: grid; }}
</style>
<script src="{static}/js/textual.js"></script>
<script src="{script}"></script>
</head>
<body>
<p class="note starting">Hooktap is starting</p>
<div id="terminal" class="textual-terminal"
  data-session-websocket-url="ws://{host}{socket}" data-font-size="{font_px}"></div>
<div class="note ended"><p>This terminal has ended.</p><p><a href="/">Open another</a></p></div>
</body>
</html>
"""

SCRIPT_TEXT: Final = """\
// Keys shall reach the terminal before anybody clicks. A program begins as if nobody looked at it, and shows less; so
// it is told once it draws, and by letting go first, since what has the focus already does not get it.
new MutationObserver((_, observer) => {
  if (!document.body.classList.contains("-first-byte")) return;
  observer.disconnect();
  const keys = document.querySelector(".xterm-helper-textarea");
  keys.blur();
  keys.focus();
}).observe(document.documentElement, {subtree: true, attributeFilter: ["class"]});
"""


def html(host: str) -> str:
    """Return the page for a browser that names us `host`, which the door has found to be loopback and our port."""
    return _HTML.format(host=host, static=STATIC, socket=SOCKET, script=SCRIPT, font_px=FONT_PX)


def policy(host: str) -> str:
    """Return the Content-Security-Policy: our own script, our own socket, nothing from any other machine.

    Styles may stand in the page, because the script puts its own there.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        f"img-src data:; connect-src ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
