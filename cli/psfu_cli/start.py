"""Where the program begins: quiet about Ctrl-C from the first moment, also while everything else is being imported."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from psfu_cli.app import main as run

    signal.signal(signal.SIGINT, before)
    run()
