"""Firefox and Chromium in one exam: each as candidate and as proctor of the other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from end_to_end.browser import face, firefox
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.firefox import Firefox, Tab
from end_to_end.browser.people import CORNER, Candidate, Proctor, like, pitch_is
from end_to_end.daemon import Daemon, running
from proctor_sfu.mediasoup.install import WorkerBinary


@pytest.fixture(scope="module")
def daemon(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One whose media are at an address of this machine that is not loopback, which Firefox never tries."""
    assert worker_binary.path.exists()
    with running(tmp_path_factory.mktemp("psfu"), {"rtc": {"listen_ip": own_address()}}) as started:
        yield started


def own_address() -> str:
    """Return the address that packets of this machine leave it with; none leaves it here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            pytest.skip(f"no address but loopback: {error.strerror}")
        return str(probe.getsockname()[0])


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox.running(tmp_path_factory.mktemp("firefox")) as started:
        yield started
        assert started.complaints() == []


def person(origin: str, page: str, room: str, peer: str) -> str:
    return f"{origin}/{page}/#{urlencode({'room': room, 'peer': peer, 'role': page, 'name': peer.title()})}"


HEARD = """async () => {
    const player = [...document.querySelectorAll("audio")].find((each) => each.srcObject && !each.paused);
    if (player === undefined) return null;
    const recorder = new MediaRecorder(player.srcObject);
    const recorded = new Promise((resolve) => recorder.addEventListener("dataavailable", ({ data }) => resolve(data)));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    recorder.stop();
    const bytes = await (await recorded).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes);
    // The last half second: what comes first may be silence.
    const samples = sound.getChannelData(0).slice(-24000);
    const loud = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length) > 0.01;
    const rises = samples.reduce((sum, each, at) => sum + (at > 0 && samples[at - 1] < 0 && each >= 0 ? 1 : 0), 0);
    return loud ? (rises * 48000) / samples.length : null;
}"""
"""The pitch of what the page plays, null while it plays nothing. Recorded and counted: without a sound card Firefox has
no AudioContext that runs."""


def test_a_candidate_in_firefox_is_seen_and_heard(
    fox: Firefox, browser: Chromium, origin: str, room: str, daemon: Daemon
) -> None:
    faye = joined(fox, origin, room, "faye")
    pam = Proctor.opens(browser, room, "pam", name="Pam")
    small, focus = f"{pam.tile('faye')} .picture-camera video", ".focus-camera video"
    pam.window.until("(s) => document.querySelector(s)?.videoWidth > 0", small)
    pam.until_moves("faye")
    width = faye.evaluate("() => document.querySelector('.card-video-camera').videoWidth")
    pam.focus("faye")
    pam.until_wide(focus, width)
    # What the fake microphone of Firefox hums.
    pitch_is(lambda: pam.page.evaluate(HEARD), 1000, 700)
    (seen,) = daemon.psfu("candidates", "list", "--room", room)
    assert {each["source"]: each["codec"] for each in seen["sources"]} == {
        "camera": "video/VP8", "microphone": "audio/opus",
    }  # fmt: skip

    pam.page.keyboard.down("w")
    faye.until("() => document.body.innerText.includes('Pam is speaking to you')")
    pitch_is(lambda: faye.evaluate(HEARD), face.ANN.hertz, 20)
    pam.page.keyboard.up("w")


def test_firefox_sends_with_another_codec_where_it_lacks_the_one_of_the_room(
    fox: Firefox, browser: Chromium, origin: str, daemon: Daemon
) -> None:
    daemon.psfu("rooms", "create", "in-h264", "--open", "--codec", "h264")
    # What a Firefox without OpenH264, which it fetches from the network, has in common with the room.
    joined(fox, origin, "in-h264", "faye")
    pam = Proctor.opens(browser, "in-h264", "pam")
    pam.window.until("(s) => document.querySelector(s)?.videoWidth > 0", f"{pam.tile('faye')} .picture-camera video")
    pam.until_moves("faye")

    def sent() -> list[str]:
        (seen,) = daemon.psfu("candidates", "list", "--room", "in-h264")
        return sorted(each["codec"] for each in seen["sources"])

    # One source is published after the other.
    until(lambda: len(sent()) == 2, lambda: f"sent is {sent()}")
    assert sent() == ["audio/opus", "video/VP8"]
    daemon.psfu("rooms", "close", "in-h264", "--yes")


def test_a_proctor_in_firefox_sees_and_hears_a_candidate_in_chromium(
    fox: Firefox, browser: Chromium, origin: str, room: str
) -> None:
    Candidate.opens(browser, room, "ann", name="Ann").join()
    quin = fox.open(person(origin, "proctor", room, "quin"))
    tile, focus = ".tile-place[data-peer=ann] .picture-camera video", ".focus-camera video"
    until(lambda: like(quin.evaluate(CORNER, tile), face.ANN.wall), lambda: f"{quin.evaluate(CORNER, tile)} is not Ann")
    quin.evaluate("() => document.querySelector('.tile-place[data-peer=ann] button').click()")
    quin.until("(s) => document.querySelector(s)?.videoWidth === 1280", focus)
    pitch_is(lambda: quin.evaluate(HEARD), face.ANN.hertz, 20)


def joined(fox: Firefox, origin: str, room: str, peer: str) -> Tab:
    """Let somebody into the exam as they would come in, with camera and microphone."""
    tab = fox.open(person(origin, "candidate", room, peer))
    for source in ("camera", "microphone"):
        tab.until("(s) => document.querySelector(`.card[data-source=${s}]`)?.dataset.status === 'on'", source)
    tab.press("Join the exam")
    tab.until("() => document.querySelector('.banner strong')?.textContent.startsWith('Connected')")
    return tab
