"""Nothing is missed: what is told or done while somebody comes in or comes back, an answer that got lost."""

from __future__ import annotations

import os
import signal
from typing import Any, Final

from end_to_end.browser.chromium import Chromium
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon

_BARE = """async ([room, peerId, role, greeting]) => {
    // Somebody without a page; whoever comes in is greeted, if there is something to say.
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
        if (greeting && message.method === "newPeer") void ask("message", { peerId: message.data.id, text: greeting });
    };
    await new Promise((resolve) => { socket.onopen = resolve; });
    await ask("authenticate", { roomId: room, peerId, role });
    const { data } = await ask("getRouterRtpCapabilities", {});
    globalThis.bare = ask;
    return ask("join", { rtpCapabilities: data, autoConsume: false });
}"""
_NETWORK = """(() => {
    // A network that is in the hands of a test. `loses`: the connection breaks instead of carrying the answer to this;
    // `holds`: what is asked goes no further until `go` is called.
    const Native = globalThis.WebSocket;
    const network = { loses: "", holds: "", asked: [], answered: [], told: [], go: () => {} };
    globalThis.network = network;
    // A page that waits for its next try need not wait for long.
    setInterval(() => dispatchEvent(new Event("online")), 500);
    globalThis.WebSocket = class extends Native {
        #methods = new Map();
        constructor(...given) {
            super(...given);
            this.addEventListener("message", (event) => {
                const { response, id, notification, method } = JSON.parse(event.data);
                if (notification) network.told.push(method);
                if (response) network.answered.push(this.#methods.get(id));
                if (!response || !network.loses || this.#methods.get(id) !== network.loses) return;
                network.loses = "";
                event.stopImmediatePropagation();
                this.close(4999);
            });
        }
        send(text) {
            const { id, method, request } = JSON.parse(text);
            if (request) this.#methods.set(id, method);
            if (request) network.asked.push(method);
            if (!request || method !== network.holds) return super.send(text);
            network.holds = "";
            network.go = () => super.send(text);
        }
    };
})()"""
_NO_NETWORK: Final = r"WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION"


def bare(browser: Chromium, room: str, peer: str, role: str, greeting: str = "") -> Any:
    """Let somebody come who has no page, and return the page behind it, on which `bare` asks the server."""
    page = browser.open("proctor", room, f"{peer}-too").page
    assert page.evaluate(_BARE, [room, peer, role, greeting])["ok"]
    return page


def published(ann: Candidate, *, times: int = 2) -> None:
    """Wait until so many requests to publish camera and microphone are answered."""
    ann.window.until("(n) => network.answered.filter((each) => each === 'produce').length === n", times)


def test_what_is_written_to_a_candidate_while_it_comes_in_is_read(browser: Chromium, room: str) -> None:
    bare(browser, room, "greeter", "proctor", "Good morning, Ann")
    ann = Candidate.opens(browser, room, "ann").join()
    ann.page.get_by_text("Good morning, Ann").wait_for()


def test_who_loses_the_connection_over_the_answer_to_join_is_in_the_room_all_the_same(
    browser: Chromium, room: str
) -> None:
    lea = bare(browser, room, "lea", "lead")
    lea.evaluate("() => bare('message', { text: 'Phones away, please' })")
    ann = Candidate.opens(browser, room, "ann", script=f"{_NETWORK};network.loses = 'join'").join()
    ann.page.get_by_text("Phones away, please").wait_for()
    published(ann)


def test_a_source_that_is_not_taken_while_the_room_moves_is_none_the_exam_does_not_take(
    browser: Chromium, room: str, daemon: Daemon
) -> None:
    ann = Candidate.opens(browser, room, "ann", script=f"{_NETWORK};network.holds = 'produce'").join()
    ann.window.until("network.asked.includes('connectWebRtcTransport')")
    os.kill(daemon.psfu("rooms", "get", room)["worker"], signal.SIGKILL)
    ann.window.until("network.told.includes('workerDied')")
    ann.page.evaluate("network.go()")
    published(ann, times=4)  # Refused each, and then taken.
    ann.until_source("camera", "on")
    ann.until_source("microphone", "on")


def test_who_comes_back_knows_what_happened_meanwhile(browser: Chromium, room: str) -> None:
    lea = bare(browser, room, "lea", "lead")
    ann = Candidate.opens(browser, room, "ann", script=_NETWORK).join()
    ann.window.expects(_NO_NETWORK)
    published(ann)
    # A hand that goes up is seen up by all or by none, though nobody can tell whether the page knows.
    ann.page.evaluate("() => { network.loses = 'raiseHand'; }")
    ann.page.context.set_offline(True)
    ann.page.get_by_role("button", name="Raise hand").click()
    ann.until_says("Your device has no internet")
    lea.evaluate("() => bare('pausePeer', { peerId: 'ann', source: 'camera', paused: true })")
    lea.evaluate("() => bare('message', { peerId: 'ann', text: 'Are you there?' })")
    ann.page.context.set_offline(False)
    ann.until_says("Connected")
    ann.page.get_by_text("Are you there?").wait_for()
    ann.page.locator(".card[data-source=camera]").get_by_text("Paused by your proctor").wait_for()


def test_what_a_page_asks_for_just_when_it_may_not_any_more_is_no_error(browser: Chromium, room: str) -> None:
    lea = bare(browser, room, "lea", "lead")
    Candidate.opens(browser, room, "ann").join()
    pam = Proctor.opens(browser, room, "pam", script=_NETWORK)
    pam.until_moves("ann")
    pam.page.evaluate("() => { network.holds = 'watch'; }")
    pam.focus("ann")
    pam.window.until("!network.holds")
    lea.evaluate("() => bare('assign', { proctorId: 'pam', peerIds: [] })")
    pam.page.locator(pam.tile("ann")).wait_for(state="detached")
    pam.page.evaluate("network.go()")
    count = "(of) => network[of].filter((each) => each === 'watch').length"
    pam.window.until(f"({count})('answered') === ({count})('asked')")


def test_on_a_slow_connection_nothing_is_sent_twice_and_nothing_typed_is_lost(browser: Chromium, room: str) -> None:
    ann = Candidate.opens(browser, room, "ann", script=_NETWORK).join()
    ann.page.evaluate("() => { network.holds = 'message'; }")
    field = ann.page.get_by_role("textbox")
    field.fill("My screen froze")
    field.press("Enter")
    field.press("Enter")
    field.press_sequentially("and now")
    ann.page.evaluate("network.go()")
    ann.page.get_by_role("log").get_by_text("My screen froze").wait_for()
    assert field.input_value() == "and now"
    assert ann.page.evaluate("network.asked.filter((each) => each === 'message').length") == 1


def test_what_a_lead_ticks_while_the_list_is_saved_stays_ticked(browser: Chromium, room: str, daemon: Daemon) -> None:
    for each in ("ann", "bob"):
        bare(browser, room, each, "candidate")
    bare(browser, room, "pam", "proctor")
    lea = Proctor.opens(browser, room, "lea", as_role="lead", script=_NETWORK)
    lea.meets("ann", "bob")
    lea.page.evaluate("() => { network.holds = 'getAssignments'; }")
    lea.page.get_by_role("button", name="Assign…").click()
    dialog = lea.page.get_by_role("dialog", name="Who watches whom")
    lea.window.until("!network.holds")
    # Too early: nobody is on the list yet.
    dialog.get_by_label("Watches these candidates only:").check()
    lea.page.evaluate("network.go()")
    dialog.get_by_text("Watches everybody, as the room says").wait_for()
    dialog.get_by_label("Watches these candidates only:").check()
    ann, bob = (dialog.get_by_role("checkbox", name=each) for each in ("ann", "bob"))
    ann.check()
    lea.page.evaluate("() => { network.holds = 'assign'; }")
    dialog.get_by_role("button", name="Save").click()
    lea.window.until("!network.holds")
    bob.check()
    lea.page.evaluate("network.go()")
    dialog.get_by_text("watches 1 candidate.").wait_for()
    assert (ann.is_checked(), bob.is_checked()) == (True, True)
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_text("watches 2 candidates.").wait_for()
    (found,) = [each for each in daemon.psfu("rooms", "assign", room)["viewers"] if each["viewer"] == "pam"]
    assert found["candidates"] == ["ann", "bob"]


_CHOOSING: Final = """(() => {
    // Whoever shared a window takes time to choose a screen, and then does not.
    const share = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    globalThis.shared = [];
    navigator.mediaDevices.getDisplayMedia = async (wanted) => {
        if (shared.length === 0) {
            const stream = await share(wanted);
            const [track] = stream.getTracks();
            const settings = track.getSettings();
            track.getSettings = () => ({ ...settings, displaySurface: "window" });
            shared.push(track);
            return stream;
        }
        return new Promise((_, refuse) => {
            globalThis.cancel = () => refuse(new DOMException("not chosen", "NotAllowedError"));
        });
    };
})()"""


def test_a_screen_that_rests_while_another_one_is_chosen_asks_no_second_time(browser: Chromium, room: str) -> None:
    ann = Candidate.opens(browser, room, "ann", script=_CHOOSING)
    ann.share_screen()
    ann.page.get_by_role("button", name="Share another screen").click()
    ann.until_source("screen", "asking")
    # As it does when the shared window is minimised.
    ann.page.evaluate("() => { shared[0].dispatchEvent(new Event('mute')); }")
    assert ann.page.locator(".card-screen button").is_disabled()
    ann.page.evaluate("cancel()")
    ann.page.get_by_text("You did not choose a screen.").wait_for()
    ann.until_source("screen", "on")
