"""The worker processes."""

from __future__ import annotations

import builtins

from proctor_sfu.control.api.workers import Scaled, Worker
from proctor_sfu.control.client.transport import Transport


class Workers:
    """List and scale."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> builtins.list[Worker]:
        """Return all workers."""
        return self._transport.many(Worker, self._transport.call("GET", "/v1/workers"))

    def get(self, pid: int) -> Worker:
        """Return a worker."""
        return self._transport.one(Worker, self._transport.call("GET", f"/v1/workers/{pid}"))

    def scale(self, count: int, *, dry_run: bool = False) -> Scaled:
        """Have ``count`` workers."""
        body = {"count": count, "dry_run": dry_run}
        return self._transport.one(Scaled, self._transport.call("POST", "/v1/workers/scale", body=body))
