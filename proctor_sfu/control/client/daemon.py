"""The daemon itself."""

from __future__ import annotations

from proctor_sfu.control.api.daemon import Reloaded, Status, Version
from proctor_sfu.control.client.transport import Transport


class Daemon:
    """Versions and state."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def version(self) -> Version:
        """Return the versions of the daemon."""
        return self._transport.one(Version, self._transport.call("GET", "/v1/version"))

    def status(self) -> Status:
        """Return the daemon at a glance."""
        return self._transport.one(Status, self._transport.call("GET", "/v1/status"))

    def reload(self) -> Reloaded:
        """Read certificate and secrets again; raises `AnswerError` ``bad_settings``, with those before still in use."""
        return self._transport.one(Reloaded, self._transport.call("POST", "/v1/reload"))
