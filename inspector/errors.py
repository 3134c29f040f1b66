"""What can go wrong with us. What may happen to a delivery is a value, never one of these."""


class HooktapError(Exception):
    """A failure of ours, told to the person in one sentence: what, where, and what to do."""

    exit_code = 1


class ConfigError(HooktapError):
    """The configuration, a flag or a provider file is wrong; the message names file and key."""

    exit_code = 2


class UnreachableError(HooktapError):
    """No inspector answers, or its port or data directory is taken by another."""

    exit_code = 3


class NotFoundError(HooktapError):
    """There is no delivery, endpoint or provider of that name or number."""

    exit_code = 4


class StorageError(HooktapError):
    """The store could not take or give back a record; nothing was acknowledged."""


class DamagedRecordError(StorageError):
    """One record is not what was stored; the others are."""


class DamagedError(HooktapError):
    """The database is damaged: what can be read of it can be recovered."""


class StoreBusyError(StorageError):
    """Too much waits to be stored already: the disk is slower than the senders. Try again later."""


class ReplayError(HooktapError):
    """A replay that cannot be made as asked: no target, a forbidden one, or no secret to sign with."""


class SigningError(ReplayError):
    """This scheme cannot be signed with what we hold; the message says why."""


class QueryError(HooktapError):
    """A filter that cannot be read; the message points at the mistake."""

    exit_code = 2


class OutsideError(HooktapError):
    """Another machine could not be reached, or did not give what was asked for."""


class NothingThereError(OutsideError):
    """It was reached, and says that there is no such thing."""
