"""A proctor behind a bad network that knows what the network did; run as ``python -m end_to_end.impaired_proctor``."""

from __future__ import annotations

import asyncio

from end_to_end.impaired import Impaired
from end_to_end.proctor import Proctor
from proctor_sfu.simulate.protoo import Data


class ImpairedProctor(Impaired, Proctor):
    """Watches through it."""

    async def do_watch_only(self, producers: list[str]) -> Data:
        """Join and consume these producers, whoever else is there."""
        await self.do_watch(auto=False)
        for producer in producers:
            answer = await self.signal.request("consume", {"producerId": producer, "paused": True})
            await self.asked("newConsumer", answer)
            await self.signal.request("resumeConsumer", {"consumerId": answer["id"]})
        return {}


if __name__ == "__main__":
    asyncio.run(ImpairedProctor().serve())
