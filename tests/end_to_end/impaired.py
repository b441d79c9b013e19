"""A candidate behind a bad network that knows what the network did; run as ``python -m end_to_end.impaired``.

Commands of `candidate`, and ``impair`` before it publishes. Every half second it writes the event ``carried`` with what
went through so far, by SSRC.
"""

from __future__ import annotations

import asyncio
from typing import Any

from end_to_end.candidate import Candidate
from end_to_end.client import Commanded, emit
from proctor_sfu.aio import spawn
from proctor_sfu.simulate import client, stack
from proctor_sfu.simulate.impairment import Impairment
from support.impair import CountingProxy

PERIOD = 0.5
"""Seconds."""


class Impaired(Commanded):
    """Mixed into a client that obeys commands."""

    async def do_impair(self, up: dict[str, float], down: dict[str, float]) -> dict[str, Any]:
        """Go through a bad network from the next transport on."""
        CountingProxy.directions = Impairment(**up), Impairment(**down)
        client.Proxy = CountingProxy  # type: ignore[misc]
        # Its own value does not matter, only that there is one.
        self._impairment = Impairment()
        return {}

    async def serve(self) -> None:
        """Obey stdin, and report what is carried."""
        stack.prepare()
        reports = spawn(self._report(), name="report what is carried")
        await super().serve()
        reports.cancel()

    async def _report(self) -> None:
        while True:
            if isinstance(self._proxy, CountingProxy):
                emit("carried", **self._proxy.carried())
            await asyncio.sleep(PERIOD)


class ImpairedCandidate(Impaired, Candidate):
    """Publishes through it; ``ssrcs`` tells which streams are whose."""

    async def do_ssrcs(self) -> dict[str, list[int]]:
        """Return media and retransmission SSRC by source."""
        senders = [each.sender for each in self.transport.handler.pc.getTransceivers()]
        names = {"video": "camera", "audio": "microphone"}
        return {names[each.kind]: [each._ssrc, each._rtx_ssrc] for each in senders}


if __name__ == "__main__":
    asyncio.run(ImpairedCandidate().serve())
