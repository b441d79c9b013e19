"""A proctor behind a bad network that knows what the network did; run as ``python -m end_to_end.impaired_proctor``."""

from __future__ import annotations

import asyncio

from end_to_end.impaired import Impaired
from end_to_end.proctor import Proctor


class ImpairedProctor(Impaired, Proctor):
    """Watches through it."""


if __name__ == "__main__":
    asyncio.run(ImpairedProctor().serve())
