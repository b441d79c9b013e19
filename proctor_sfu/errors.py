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
    ├── SettingsError                  psfu.toml, environment or flags cannot be used
    ├── AddressInUseError              a port or socket is taken
    ├── SocketError                    the control socket cannot be made
    ├── StateError                     what the daemon keeps on disk cannot be used
    ├── ArchiveError                   a history file that is missing, foreign or damaged
    ├── RefusedError                   a client or operator asked for what cannot be done; its code says what
    ├── SimulationError                simulated peers could not be started
    ├── UnreachableError               no daemon answers at the control socket
    ├── AnswerError                    the daemon answered a control request with an error
    ├── RecordingError                 recordings on disk: journals, ledgers, manifests, keys
    │   ├── RecorderError              the recorder process did not come up
    │   ├── ExportError                a recording, or a part of it, that no file of this kind can hold
    │   ├── SealedError                an encrypted journal that does not open
    │   ├── KeyFileError               a key file that is missing, unreadable for us or readable for others
    │   └── FolderError                no recording is there, or somebody writes to it
    └── InstallError                   finding, fetching or building the worker binary
        ├── WorkerMissingError         it is not where it was said to be, or nowhere and may not be fetched
        ├── WorkerUnusableError        it does not start or does not do its work
        ├── WorkerVersionError         it belongs to another version of mediasoup
        └── WorkerBuildError           it could not be fetched or built
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


class WorkerMissingError(InstallError):
    """The worker binary or its schema is not there, and may not or cannot be fetched."""

    code = "worker_not_found"


class WorkerUnusableError(InstallError):
    """The worker binary does not start or fails at its work."""

    code = "worker_unusable"


class WorkerVersionError(InstallError):
    """The worker binary belongs to another version of mediasoup."""

    code = "worker_wrong_version"


class WorkerBuildError(InstallError):
    """The worker could not be fetched or built."""

    code = "worker_build_failed"


class SettingsError(PsfuError):
    """Settings cannot be used; ``problems`` has a line for each reason."""

    code = "bad_settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class AddressInUseError(PsfuError):
    """A port or socket that psfu wants to listen on is taken."""

    code = "address_in_use"


class SocketError(PsfuError):
    """The control socket cannot be made where it should be."""

    code = "socket_unusable"


class StateError(PsfuError):
    """The state directory or something in it cannot be used; nothing in it was changed."""

    code = "state_unusable"


class ArchiveError(PsfuError):
    """A history file is missing, foreign or damaged, or cannot be made."""

    code = "archive_unusable"


class RefusedError(PsfuError):
    """Somebody asked for what cannot be done; ``reason`` is the stable code that goes back to them."""

    code = "refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SimulationError(PsfuError):
    """The processes of simulated peers could not be started."""

    code = "simulation_failed"


class UnreachableError(PsfuError):
    """No daemon answers at the control socket; ``reason`` tells why: ``unreachable``, ``denied`` or ``timeout``."""

    code = "unreachable"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class AnswerError(PsfuError):
    """The daemon answered a control request with an error: its HTTP ``status`` and stable ``reason``."""

    code = "answer"

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class RecordingError(PsfuError):
    """Root of the errors of recordings on disk."""

    code = "recording_error"


class RecorderError(RecordingError):
    """The recorder process could not be started or did not report."""

    code = "recorder_failed"


class SizingError(RecordingError):
    """What a machine carries could not be measured."""

    code = "not_measured"


class ExportError(RecordingError):
    """A recording, or the part that is wanted, cannot be put into a file of this kind."""

    code = "not_exportable"


class SealedError(RecordingError):
    """An encrypted journal, or its key, does not open with the key at hand."""

    code = "sealed"


class KeyFileError(RecordingError):
    """A key file is missing, cannot be read, or others can read it."""

    code = "key_unusable"


class FolderError(RefusedError, RecordingError):
    """A folder is no recording, or nothing can be done with it; ``reason`` says why.

    ``not_found``, ``busy`` (somebody writes to it), ``tampered``, ``sealed``, ``held``, ``bad_data``.
    """

    code = "folder_unusable"
