"""What all tests share: how properties are tried, a state of their own, and the worker binary, which is installed once,
as `psfu serve` would."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from proctor_sfu.mediasoup.install import WorkerBinary, install

# Whoever runs the tests in the background ignores SIGINT, and every process started here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A property says what comes out, not how fast; that is the benches' part, and a loaded machine takes any time for it.
settings.register_profile("psfu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("psfu")


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
