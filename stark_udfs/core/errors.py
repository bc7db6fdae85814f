"""Every exception that this package raises.

StarkError
├── SettingsError        a setting is unknown, missing or out of range
├── InputError           the user's own data cannot be used
├── StorageError         a warehouse path or table cannot be read or written
├── SchemaError          a record has no Spark type, or a table does not match its record
├── ProviderError        a model server cannot be used at all
│   ├── Unreachable      nobody answers at its address
│   ├── NotAuthorised    the key is missing or refused
│   └── CallFailed       one call got no answer (calls.errors)
├── Locked               another run works on the same stage
├── GuardStopped         a run would pay again, or remove rows, without having been told to
├── RunStopped           a run ended before its work was done: budget, stop, circuit, too many rejects
│   └── BrokerLost       a task cannot reach the broker any more (calls.errors)
├── UnknownWorker         a worker that the broker does not know, or counts as dead (calls.limits.broker)
└── NotFound             no such stage, episode or row
"""

from collections.abc import Iterator
from contextlib import contextmanager


class StarkError(Exception):
    """Base of all errors of this package; the message says where, what, and the way out."""


def said(error: BaseException) -> str:
    """What an exception says; its class where it says nothing, as a time-out does.

    Example:
        >>> said(TimeoutError()), said(OSError("no route"))
        ('TimeoutError', 'no route')
    """
    return str(error).strip() or type(error).__name__


class SettingsError(StarkError):
    """A setting is unknown, missing or out of range."""


class InputError(StarkError):
    """The user's own data cannot be used."""


class StorageError(StarkError):
    """A warehouse path or table cannot be read or written."""


class SchemaError(StarkError):
    """A record has no Spark type, or a table does not match its record."""


class ProviderError(StarkError):
    """A model server cannot be used at all."""


class Unreachable(ProviderError):
    """Nobody answers at a server's address."""


class NotAuthorised(ProviderError):
    """The key of a server is missing or refused."""


class Locked(StarkError):
    """Another run works on the same stage of the same warehouse."""


class GuardStopped(StarkError):
    """A run would pay again, or remove rows, without having been told to."""


class RunStopped(StarkError):
    """A run ended before its work was done; what was paid is kept."""


class NotFound(StarkError):
    """No such stage, episode or row."""


@contextmanager
def during(what: str) -> Iterator[None]:
    """Note on every error of the block what was being done, for whoever reports one that nobody expected."""
    try:
        yield
    except Exception as error:
        error.add_note(what)
        raise
