"""``psfu serve --dev``: pages and signaling over TLS with a certificate made on the spot."""

from __future__ import annotations

from pathlib import Path

from end_to_end.browser import face
from end_to_end.browser.conftest import Launch
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon
from proctor_sfu.mediasoup.install import WorkerBinary


def test_an_exam_over_https(worker_binary: WorkerBinary, tmp_path: Path, launch: Launch) -> None:
    assert worker_binary.path.exists()
    daemon = Daemon(tmp_path, flags=["--dev"])
    try:
        daemon.start()
        assert daemon.url.startswith("wss://")
        daemon.psfu("rooms", "create", "tls", "--open")
        browser = launch(face.ANN, daemon.url.replace("wss://", "https://").removesuffix("/ws"))
        ann = Candidate.opens(browser, "tls", "ann", ignore_https_errors=True).join()
        pam = Proctor.opens(browser, "tls", "pam", ignore_https_errors=True)
        pam.sees("ann", face.ANN.wall)
        assert ann.page.evaluate("isSecureContext && location.protocol") == "https:"
        browser.close_windows()
        daemon.stop()
    finally:
        daemon.abandon()
