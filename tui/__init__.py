"""Hooktap's terminal, a client of the inspector's API in a process of its own."""

import os

# What a key does is painted at once, unless something was painted just before: then when the frame is over. Of 60 a
# second, Textual's own number, one is half of the time that a key may take. It is read when Textual is imported.
os.environ.setdefault("TEXTUAL_FPS", "120")
