"""Who comes in misses nothing of what is told from that moment on, though its page is still busy publishing."""

from __future__ import annotations

from end_to_end.browser.chromium import Chromium
from end_to_end.browser.people import Candidate

_GREETER = """async ([room, peerId]) => {
    // A proctor who writes to everybody the moment they are in the room.
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "protoo");
    const pending = new Map();
    let id = 0;
    const ask = (method, data) => new Promise((resolve) => {
        id += 1;
        pending.set(id, resolve);
        socket.send(JSON.stringify({ request: true, id, method, data }));
    });
    socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.response) pending.get(message.id)(message);
        if (message.method === "newPeer") void ask("message", { peerId: message.data.id, text: "Good morning, Ann" });
    };
    await new Promise((resolve) => { socket.onopen = resolve; });
    await ask("authenticate", { roomId: room, peerId, role: "proctor" });
    const { data } = await ask("getRouterRtpCapabilities", {});
    return ask("join", { rtpCapabilities: data, autoConsume: false });
}"""


def test_what_is_written_to_a_candidate_while_it_comes_in_is_read(browser: Chromium, room: str) -> None:
    greeter = browser.open("proctor", room, "greeter-too").page
    assert greeter.evaluate(_GREETER, [room, "greeter"])["ok"]
    ann = Candidate.opens(browser, room, "ann").join()
    ann.page.get_by_text("Good morning, Ann").wait_for()
