"""What holds in every process that runs tests: nothing is compiled twice, and no tests are collected as garbage."""

import gc
import os
import sys

# The tests start hundreds of processes, and each would compile what it imports anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Leave the tests out of garbage collection: there are twelve thousand, and a look at them takes half a second.

    All that time an event loop stands still, and whoever waits for it may find that it was too late.
    """
    gc.collect()
    gc.freeze()
