"""Networks that fight back: UDP alone, TCP alone, and nothing but a TURN server between a browser and the workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon, Settings, running
from proctor_sfu.mediasoup.install import WorkerBinary
from support.coturn import coturn

ROOM = "exam"
RELAY_ONLY = """(() => {
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
        constructor(configuration) {
            super({ ...configuration, iceTransportPolicy: "relay" });
        }
    };
})()"""
IPV6_ONLY = """(() => {
    const original = RTCPeerConnection.prototype.setRemoteDescription;
    const candidate = /a=candidate:\\S+ 1 \\S+ \\d+ (\\S+) [^\\r\\n]*\\r\\n/gi;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
        const kept = sdp.replace(candidate, (line, address) => address.includes(":") ? line : "");
        return original.call(this, { type, sdp: kept });
    };
})()"""
"""What the server announces besides IPv6 is as if it were not there."""


@contextmanager
def exam(folder: Path, browser: Chromium, settings: Settings) -> Iterator[Daemon]:
    """A daemon with an open room, which the browser's pages come from."""
    before = browser.origin
    folder.mkdir(exist_ok=True)
    with running(folder, settings) as daemon:
        daemon.psfu("rooms", "create", ROOM, "--open")
        browser.origin = f"http://{urlsplit(daemon.url).netloc}"
        try:
            yield daemon
        finally:
            browser.origin = before
            browser.close_windows()


def watch(daemon: Daemon, browser: Chromium, *, script: str = "") -> None:
    """A candidate is seen by a proctor, both over such a network."""
    Candidate.opens(browser, ROOM, "ann", script=script).join()
    pam = Proctor.opens(browser, ROOM, "pam", script=script)
    pam.sees("ann", face.ANN.wall)
    pam.until_moves("ann")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_media_goes_over_the_one_protocol_there_is(
    worker_binary: WorkerBinary, browser: Chromium, tmp_path: Path, protocol: str
) -> None:
    with exam(tmp_path, browser, {"rtc": {"protocols": [protocol]}}) as daemon:
        watch(daemon, browser)
        for peer in ("ann", "pam"):
            assert daemon.psfu("candidates", "get", peer, "--room", ROOM)["transport"] == protocol


def test_media_goes_over_ipv6_where_a_client_has_nothing_else(
    worker_binary: WorkerBinary, browser: Chromium, tmp_path: Path
) -> None:
    with exam(tmp_path, browser, {"rtc": {"listen_ip6": "::1"}}) as daemon:
        watch(daemon, browser, script=IPV6_ONLY)
        for peer in ("ann", "pam"):
            assert daemon.psfu("candidates", "get", peer, "--room", ROOM)["transport"] == "udp"


def test_media_goes_through_a_turn_server_and_by_no_other_way(
    worker_binary: WorkerBinary, browser: Chromium, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    # While a secret is rotated the TURN server knows the new one, and psfu signs with the first.
    secret.write_text("new-secret\nold-secret\n")
    with coturn(tmp_path / "turn", "new-secret") as turn:
        settings = {"turn": {"urls": turn.urls, "secret_file": str(secret)}}
        with exam(tmp_path / "psfu", browser, settings) as daemon:
            watch(daemon, browser, script=RELAY_ONLY)
        for peer in ("ann", "pam"):
            assert f":{peer}>" in turn.logged(), "no allocation with a credential of that peer"


def test_a_credential_of_a_secret_the_turn_server_does_not_know_lets_nobody_through(
    worker_binary: WorkerBinary, browser: Chromium, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("forgotten-secret\n")
    with coturn(tmp_path / "turn", "new-secret") as turn:
        settings = {"turn": {"urls": turn.urls, "secret_file": str(secret)}}
        with exam(tmp_path / "psfu", browser, settings) as daemon:
            ann = Candidate.opens(browser, ROOM, "ann", script=RELAY_ONLY)
            ann.until_source("camera", "on")
            ann.page.get_by_role("button", name="Join the exam").click()
            ann.until_says("Connecting")
            assert daemon.psfu("candidates", "get", "ann", "--room", ROOM)["transport"] is None
