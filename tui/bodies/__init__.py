"""The kinds of body, each laid out by a module of its own: text in, lines out. Pure, and fit for a thread."""
