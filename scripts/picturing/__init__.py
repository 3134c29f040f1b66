"""What the README's pictures show, and how each is taken; `scripts/screenshots.py` takes them all."""
