"""What can be wrong with a log; each message says what to do."""

from __future__ import annotations


class LogError(Exception):
    """The log cannot go on as things stand."""


class LogBehind(LogError):  # noqa: N818 - the name says it
    """The database knows less of the log than was published: an older backup was restored."""


class LogForked(LogError):  # noqa: N818 - the name says it
    """A checkpoint is signed by the log's key that its records do not lead to."""


class LogKeyMissing(LogError):  # noqa: N818 - the name says it
    """The private key of a log that exists is not here; it is never replaced."""


class RecordChanged(LogError):  # noqa: N818 - the name says it
    """Something that is recorded already is to be recorded otherwise."""
