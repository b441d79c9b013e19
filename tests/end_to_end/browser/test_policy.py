"""A candidate who writes a client by hand, in the browser's own console, sees and hears nobody all the same."""

from __future__ import annotations

from typing import Any

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon

_BY_HAND = """async ([room, peerId, role]) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "protoo");
    const offered = [];
    const pending = new Map();
    socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.response) pending.get(message.id)(message);
        else offered.push(message);
    };
    await new Promise((resolve) => { socket.onopen = resolve; });
    let id = 0;
    const ask = (method, data) => new Promise((resolve) => {
        id += 1;
        pending.set(id, resolve);
        socket.send(JSON.stringify({ request: true, id, method, data }));
    });
    globalThis.byHand = { ask, offered, socket };
    await ask("authenticate", { roomId: room, peerId, role });
    const { data } = await ask("getRouterRtpCapabilities", {});
    await ask("createWebRtcTransport", { direction: "recv" });
    return ask("join", { rtpCapabilities: data, autoConsume: true });
}"""


def test_a_hand_written_client_of_a_candidate_gets_nothing_of_another(
    browser: Chromium, room: str, daemon: Daemon
) -> None:
    Candidate.opens(browser, room, "ann").join()
    pam = Proctor.opens(browser, room, "pam")
    pam.sees("ann", face.ANN.wall)
    # One source is published after the other.
    until(
        lambda: len(daemon.psfu("candidates", "get", "ann", "--room", room)["sources"]) == 2,
        lambda: "Ann does not send both of her sources",
    )
    # The most such a candidate could know: the producers of another, by their right ids.
    quin = browser.open("proctor", room, "quin-too").page
    peers = quin.evaluate(_BY_HAND, [room, "quin", "proctor"])["data"]["peers"]
    producers = [source["producerId"] for peer in peers if peer["id"] == "ann" for source in peer["sources"]]
    assert len(producers) >= 2

    mal = browser.open("candidate", room, "mal-too").page
    joined = mal.evaluate(_BY_HAND, [room, "mal", "candidate"])
    assert joined["ok"] and joined["data"]["peers"] == []

    def refused(method: str, **data: Any) -> str:
        answer = mal.evaluate("([method, data]) => byHand.ask(method, data)", [method, data])
        assert answer["ok"] is False, f"{method} was answered with {answer}"
        return str(answer["code"])

    for producer in producers:
        assert refused("consume", producerId=producer) == "forbidden"
    assert refused("consume", producerId="no such producer") == "forbidden"
    assert refused("watch", views=[{"peerId": "ann", "source": "camera", "width": 640, "height": 360}]) == "forbidden"
    assert refused("whisper", peerId="ann") == "forbidden"
    assert refused("announce", on=True) == "forbidden"
    assert refused("bookmark", peerId="ann", note="me") == "forbidden"
    assert refused("message", peerId="ann", text="hello") in ("forbidden", "bad_data")
    # Nothing was pushed to it either, while the proctor goes on seeing everything.
    pam.until_moves("ann")
    assert [each for each in mal.evaluate("byHand.offered") if each["method"] != "error"] == []
    assert mal.evaluate("byHand.socket.readyState") == 1
