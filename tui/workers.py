"""Textual's workers, let go when they are done."""

from textual.worker import Worker
from textual.worker_manager import WorkerManager

DIALOG, OPERATION = "dialog", "operation"
"""The groups of workers that ask for something and then open a screen, and that may."""


class Workers(WorkerManager):
    """Ties no knot that the collector has to undo.

    A worker holds its task, the task its context, and the context, as `active_worker`, the worker: with all that it was
    called with and gave back, each stays until a full collection, which is seldom.
    """

    def _remove_worker(self, worker: Worker[object]) -> None:
        """Forget a worker that is done, and have it forget its task."""
        super()._remove_worker(worker)
        worker._task = None  # noqa: SLF001
