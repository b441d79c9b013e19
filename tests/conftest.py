"""What all tests share: how properties are tried, which files begin, a state of their own, and the worker binary, which
is installed once, as `psfu serve` would."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from proctor_sfu.mediasoup.install import WorkerBinary, install

# Whoever runs the tests in the background ignores SIGINT, and every process started here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# As SIGHUP is under nohup. What is handled rather than ignored does not end the tests either, and is not inherited.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)

# A property says what comes out, not how fast; that is the benches' part, and a loaded machine takes any time for it.
settings.register_profile("psfu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("psfu")

_LONG: Final = frozenset(
    {
        "conformance/test_conformance.py", "etc/test_boot.py", "proctor_sfu/recording/test_disk.py",
        "proctor_sfu/recording/test_verify.py", "proctor_sfu/test_daemon.py", "psfu_cli/commands/test_monitor.py",
        "psfu_cli/commands/test_recordings.py", "psfu_cli/commands/test_report.py", "psfu_cli/test_complete.py",
        "psfu_tui/test_pictures.py", "psfu_tui/test_replay.py", "psfu_tui/widgets/test_live_table.py", "test_wheel.py",
        "end_to_end/browser/test_access.py", "end_to_end/browser/test_codecs.py", "end_to_end/browser/test_firefox.py",
        "end_to_end/browser/test_networks.py", "end_to_end/browser/test_recorded.py",
        "end_to_end/browser/test_tokens.py", "end_to_end/test_fuzz.py", "end_to_end/test_lasting.py",
        "end_to_end/test_monitor.py", "end_to_end/test_policy.py", "end_to_end/test_recording.py",
    }
)  # fmt: skip
"""Files that take longest."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order of files when they are shared out, which by default begins with those of most tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: of several processes none has one left when the others are through."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).as_posix() not in _LONG)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep daemons away from the state of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def worker_binary(pytestconfig: pytest.Config) -> WorkerBinary:
    shown: set[str] = set()

    def show(what: str, fraction: float | None) -> None:
        tenth = what if fraction is None else f"{what}: {int(fraction * 10) * 10} %"
        if tenth not in shown:
            shown.add(tenth)
            print(tenth, file=sys.__stderr__, flush=True)

    return install(progress=show)
