"""One worker of the pool, with the port its transports share."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, Literal, TypeAlias

from proctor_sfu.mediasoup.listen import ListenInfo, SocketFlags
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.webrtc_server import WebRtcServer
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from proctor_sfu.settings import Rtc

State: TypeAlias = Literal["running", "draining"]

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Member:
    """A running worker. ``slot`` decides its port and is free for another one after it."""

    def __init__(self, slot: int, worker: Worker, server: WebRtcServer, port: int) -> None:
        self.slot = slot
        self.worker = worker
        self.server = server
        self.port = port
        """UDP and TCP port of all its WebRTC transports."""
        self.state: State = "running"
        self.started_at = time.time()
        self.routers: dict[str, Router] = {}

    @classmethod
    async def start(cls, slot: int, settings: WorkerSettings, rtc: Rtc) -> Member:
        """Start a worker that listens; raises what `Worker.start` and the worker raise, with nothing left behind."""
        worker = await Worker(settings).start()
        try:
            port = rtc.port + slot if rtc.port else 0
            infos = [
                ListenInfo(
                    ip=ip, announced_address=announced, protocol=protocol, port=port,
                    # Or :: would take the port of 0.0.0.0 too.
                    flags=SocketFlags(ipv6_only=":" in ip),
                    # One socket takes the bursts of all candidates of a worker.
                    send_buffer_size=rtc.buffer_bytes if protocol == "udp" else 0,
                    recv_buffer_size=rtc.buffer_bytes if protocol == "udp" else 0,
                )
                for ip, announced in rtc.addresses
                for protocol in dict.fromkeys(rtc.protocols)
            ]  # fmt: skip
            server = await worker.create_webrtc_server(listen_infos=infos)
            dump = await server.dump()
        except BaseException:
            worker.close()
            await worker.wait_closed()
            raise
        return cls(slot, worker, server, (dump.udp_sockets or dump.tcp_servers)[0].port)

    def adopt(self, router: Router) -> None:
        """Count a router as this worker's load until it closes."""
        self.routers[router.id] = router
        router.observer.on("close", lambda: self.routers.pop(router.id, None))

    @property
    def load(self) -> tuple[int, int]:
        """Transports, then routers: what decides which worker gets the next room."""
        return sum(router.transport_count for router in self.routers.values()), len(self.routers)


def resident(pid: int) -> int:
    """Return the resident size of a process in bytes; procfs answers from memory. Raises `FileNotFoundError`."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
