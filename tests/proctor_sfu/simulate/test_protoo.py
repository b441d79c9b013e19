"""The protoo client takes what comes in the order it was sent, also what comes together."""

from __future__ import annotations

import json

from aiohttp import web

from proctor_sfu.simulate.protoo import Data, Protoo


def told(method: str) -> str:
    return json.dumps({"notification": True, "method": method, "data": {}})


async def test_whoever_asked_goes_on_and_what_is_asked_begins_before_what_was_told_after_it() -> None:
    async def server(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("protoo",))
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            if "request" not in asked:
                continue
            # Nothing waits in between, so that all of it is in one piece on the wire.
            await socket.send_str(told("before"))
            await socket.send_str(json.dumps({"response": True, "id": asked["id"], "ok": True, "data": {}}))
            await socket.send_str(told("after"))
            await socket.send_str(json.dumps({"request": True, "id": asked["id"], "method": "offered", "data": {}}))
            await socket.send_str(told("taken back"))
        return socket

    app = web.Application()
    app.router.add_get("/", server)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    seen: list[str] = []

    async def asked(method: str, data: Data) -> Data:
        seen.append(method)
        return {}

    protoo = await Protoo.connect(f"ws://{host}:{port}/", asked, lambda method, data: seen.append(method))
    try:
        for _ in range(20):
            await protoo.request("join")
            seen.append("joined")
        # An answer to one more request is behind everything.
        await protoo.request("last")
        assert seen[: 5 * 20] == ["before", "joined", "after", "offered", "taken back"] * 20
    finally:
        await protoo.close()
        await runner.cleanup()
