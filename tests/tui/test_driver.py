import os

from tui.driver import _Window


def test_a_window_that_is_gone_can_be_written() -> None:
    """Nothing raises, and nothing is kept for later: Textual's writing thread would die of it, or Python at its end."""
    window, its = os.openpty()
    with _Window(its, "w") as terminal:
        assert terminal.write(b"seen") == 4
        assert os.read(window, 4) == b"seen"
        os.close(window)
        assert terminal.write(b"not seen") == 8
        assert terminal.write(memoryview(b"nor this")) == 8
