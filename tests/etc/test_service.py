"""The files for systemd and the kernel: sound, strict, and in agreement with the code."""

from __future__ import annotations

import configparser
import ctypes
import os
import re
import subprocess
from pathlib import Path

import pytest

from proctor_sfu import state
from proctor_sfu.control import place
from proctor_sfu.mediasoup.install import WorkerBinary
from psfu_cli.configured import SYSTEM_FILE
from psfu_cli.exits import Exit
from support.serve import LIMIT, PSFU, Serve, psfu

ETC = Path(__file__).parents[2] / "etc"
UNIT = ETC / "psfu.service"
MOST_EXPOSED = "20"
"""Of systemd-analyze security, in tenths; the unit is at 1.4, one without any protection at 9.2."""
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser["Service"]


def test_it_is_allowed_little() -> None:
    done = run("systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT)
    assert done.returncode == 0, done.stdout
    assert "OK" in done.stdout.splitlines()[-1]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / "psfu.service"
    # Here the program is not where the package puts it.
    unit.write_text(UNIT.read_text().replace("/usr/bin/psfu", str(PSFU)))
    done = run("systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_agrees_with_the_code(service: configparser.SectionProxy) -> None:
    assert service["Type"] == "notify" and float(service["WatchdogSec"]) > 0
    assert int(service["RestartPreventExitStatus"]) == Exit.CONFIGURATION
    assert Path("/run", service["RuntimeDirectory"]) == place.SYSTEM
    assert Path("/var/lib", service["StateDirectory"]) == state.SYSTEM
    assert Path("/etc", service["ConfigurationDirectory"]) == SYSTEM_FILE.parent
    program, verb, *options = service["ExecStart"].split()
    assert (program, verb, options) == ("/usr/bin/psfu", "serve", ["--config", str(SYSTEM_FILE)])
    assert "--config" in psfu("serve", "--help").stdout
    # systemctl reload fails if a renewed certificate does not serve: it is the command that waits for the answer.
    assert service["ExecReload"].split() == ["/usr/bin/psfu", "reload"]
    assert "certificate" in psfu("reload", "--help").stdout


def test_the_daemon_works_without_new_privileges_and_memory_both_writable_and_executable(
    worker_binary: WorkerBinary, tmp_path: Path, service: configparser.SectionProxy
) -> None:
    """What systemd would do to it is done here by hand, since both are given on to children."""
    assert service["NoNewPrivileges"] == service["MemoryDenyWriteExecute"] == "yes"
    done = run("python3", "-c", f"import ctypes; print(ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0))")
    if done.stdout.strip() != "0":
        pytest.skip("this kernel cannot deny memory that is both")
    libc = ctypes.CDLL(None)

    def deny() -> None:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)

    daemon = Serve(tmp_path)
    try:
        daemon.start(before=deny)
        assert "NoNewPrivs:\t1" in Path(f"/proc/{daemon.workers()[0]}/status").read_text()
        assert psfu("rooms", "create", "exam-101", "--open", "--socket", daemon.socket).returncode == 0
        daemon.running.terminate()
        assert daemon.running.wait(LIMIT) == 0
    finally:
        daemon.end()


def test_the_user_is_made_with_its_group(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = run("systemd-sysusers", f"--root={tmp_path}", ETC / "psfu.sysusers")
    assert done.returncode == 0, done.stderr
    name, _, uid, gid, _, home, shell = (tmp_path / "etc" / "passwd").read_text().strip().split(":")
    assert name == "psfu" and 0 < int(uid) < 1000 and home == str(state.SYSTEM) and shell.endswith("nologin")
    assert f"psfu:x:{gid}:" in (tmp_path / "etc" / "group").read_text()


def test_every_kernel_setting_is_one() -> None:
    lines = re.findall(r"(?m)^#?([a-z][\w.]+) = (.+)$", (ETC / "60-psfu.conf").read_text())
    assert [name for name, _ in lines] == [
        "net.core.rmem_max", "net.core.wmem_max", "net.core.netdev_max_backlog", "net.ipv4.ip_local_reserved_ports",
    ]  # fmt: skip
    for name, value in lines:
        file = Path("/proc/sys", *name.split("."))
        # In a network namespace of its own a machine has fewer of them.
        assert re.fullmatch(r"[\d-]+", value) and (file.exists() or not os.path.exists("/proc/sys/net/core/rmem_max"))
