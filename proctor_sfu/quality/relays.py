"""Addresses of the TURN servers psfu tells clients of: media that comes from one of them is relayed."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable
from typing import Final

import structlog

_log = structlog.get_logger("psfu.quality")

PATIENCE: Final = 5.0
"""Seconds names may take to be looked up."""
_URL: Final = re.compile(r"turns?:(?:\[([0-9A-Fa-f:.]+)\]|([^:?\[\]]+))(?::\d+)?(?:\?.*)?", re.ASCII)


def hosts(urls: Iterable[str]) -> list[str]:
    """Return the hosts of TURN URLs (RFC 7065); others have none."""
    matches = [_URL.fullmatch(url) for url in urls]
    return sorted({match[1] or match[2] for match in matches if match is not None})


async def addresses(urls: Iterable[str]) -> frozenset[str]:
    """Return the addresses of TURN servers; a name that is not found is told in the log and left out."""
    loop = asyncio.get_running_loop()
    found: set[str] = set()
    for host in hosts(urls):
        try:
            async with asyncio.timeout(PATIENCE):
                answers = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except (OSError, TimeoutError) as error:
            _log.warning("turn_server_not_found", host=host, reason=str(error) or "no answer")
            continue
        found.update(str(answer[4][0]) for answer in answers)
    return frozenset(found)
