"""Every error psfu raises on purpose: one root, a stable ``code`` on each class, fields on the exception.

A class documents what went wrong; ``code`` is what leaves the process (signaling, control API, CLI) and never changes
its meaning. The text is one line, made for the person who has to act on it.

    PsfuError
    ├── MediasoupError                 the Python host of mediasoup-worker
    │   ├── InvalidArgumentError       a value the host or the worker refuses (also a TypeError, as in the Node host)
    │   ├── UnsupportedError           well formed, but not possible with these codecs or this transport
    │   ├── NotFoundError              the entity named does not exist (any more)
    │   ├── WorkerClosedError          the worker is closed: the request was not, or will not be, answered
    │   ├── WorkerRequestError         the worker refused a request for another reason
    │   ├── WorkerStartError           the worker process did not come up
    │   └── ChannelError               the byte stream from the worker is damaged
    └── InstallError                   finding, fetching or building the worker binary
"""

from __future__ import annotations

from typing import ClassVar


class PsfuError(Exception):
    """Root of every error psfu raises on purpose."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class MediasoupError(PsfuError):
    """Root of the errors of ``proctor_sfu.mediasoup``."""

    code = "mediasoup_error"


class InvalidArgumentError(MediasoupError, TypeError):
    """A value that the host or the worker refuses; nothing was changed."""

    code = "invalid_argument"


class UnsupportedError(MediasoupError):
    """The request is well formed but these codecs or this kind of transport cannot do it."""

    code = "unsupported"


class NotFoundError(MediasoupError):
    """The entity named in the request does not exist (any more)."""

    code = "not_found"


class WorkerClosedError(MediasoupError):
    """The worker is closed or died; the request was not, or will not be, answered."""

    code = "worker_closed"


class WorkerRequestError(MediasoupError):
    """The worker refused a request; the text is the worker's own reason."""

    code = "worker_request_failed"


class WorkerStartError(MediasoupError):
    """The worker process could not be started or did not report that it runs."""

    code = "worker_start_failed"


class ChannelError(MediasoupError):
    """The worker sent bytes that are no message of its schema; the channel is closed."""

    code = "channel_damaged"


class SchemaError(MediasoupError):
    """The worker's ``.fbs`` files are missing or not understood."""

    code = "schema_unusable"


class InstallError(PsfuError):
    """Finding, fetching or building the worker binary failed."""

    code = "worker_install_failed"
