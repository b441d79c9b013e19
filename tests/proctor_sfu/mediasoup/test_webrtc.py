"""A WebRTC transport and a real endpoint on loopback: ICE, DTLS, and what each of them announces."""

from __future__ import annotations

import asyncio
import socket

from proctor_sfu.aio import spawn
from proctor_sfu.mediasoup import gate
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from support.host import Bench
from support.log import Log

EVENTS = ("icestatechange", "iceselectedtuplechange", "dtlsstatechange")


async def test_ice_and_dtls_come_up_and_end_with_the_transport(bench: Bench) -> None:
    transport: WebRtcTransport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    assert (transport.ice_role, transport.ice_state, transport.ice_selected_tuple) == ("controlled", "new", None)
    assert (transport.dtls_state, transport.dtls_remote_cert, transport.dtls_parameters.role) == ("new", None, "auto")
    assert [(each.protocol, each.tcp_type) for each in transport.ice_candidates] == [("udp", None), ("tcp", "passive")]
    logs = {event: [Log((transport, event)), Log((transport.observer, event))] for event in EVENTS}
    connection, parameters = gate._identity()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.setblocking(False)
        endpoint.connect((transport.ice_candidates[0].address, transport.ice_candidates[0].port))
        endpoint.send(gate._ice_check(transport))
        await transport.connect(dtls_parameters=parameters)
        assert transport.dtls_parameters.role == "client"
        pump = spawn(gate._pump(endpoint, connection), name="dtls endpoint")
        for log in logs["dtlsstatechange"]:
            await log.until(lambda event, args: args == ("connecting",))
            await log.until(lambda event, args: args == ("connected",))
        pump.cancel()
        await asyncio.wait((pump,))
        port = endpoint.getsockname()[1]
    for log in logs["iceselectedtuplechange"]:
        await log.until(lambda event, args: args == (transport.ice_selected_tuple,))
    for log in logs["icestatechange"]:
        await log.until(lambda event, args: args[0] in ("connected", "completed"))
    selected = transport.ice_selected_tuple
    assert selected is not None
    assert (selected.remote_ip, selected.remote_port, selected.protocol) == ("127.0.0.1", port, "udp")
    assert transport.dtls_remote_cert is not None
    assert transport.dtls_remote_cert.startswith("-----BEGIN CERTIFICATE-----")
    (stats,) = await transport.get_stats()
    assert (stats.ice_state, stats.dtls_state, stats.ice_selected_tuple) == (transport.ice_state, "connected", selected)
    assert stats.bytes_received > 0 < stats.bytes_sent
    dump = await transport.dump()
    assert (dump.ice_selected_tuple, dump.dtls_state) == (selected, "connected")
    transport.close()
    assert (transport.ice_state, transport.ice_selected_tuple, transport.dtls_state) == ("closed", None, "closed")


async def test_an_ice_restart_changes_the_credentials(bench: Bench) -> None:
    transport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    before = transport.ice_parameters
    fresh = await transport.restart_ice()
    assert fresh == transport.ice_parameters
    assert fresh.username_fragment != before.username_fragment
    assert fresh.password != before.password
    assert (await transport.dump()).ice_parameters == fresh
