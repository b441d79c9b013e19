"""The unit under a real systemd: a container boots it from the wheel, with all its restrictions.

Only its watchdog is shorter. The container's root is this machine's with a layer of memory over it, its network a
loopback of its own. Needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary
from support import built

PYTHON = Path("/usr/bin/python3")
LIMIT = 120.0

CHECK = """\
[Unit]
After=psfu.service
[Service]
Type=oneshot
ExecStart=/bin/sh /check.sh
"""

SCRIPT = r"""
exec >/told 2>&1
main() { systemctl show --property MainPID --value psfu; }
when() { until eval "$1"; do sleep 0.1; done; }
echo "== started"; systemctl is-active psfu; systemctl show --property StatusText --value psfu
echo "== owner"; stat --format '%U:%G %a %F' /run/psfu/control.sock /var/lib/psfu /var/lib/psfu/psfu.db
echo "== user"; ps -o user= -p "$(main)"; ls /usr/bin/psfu >/dev/null && psfu rooms create exam-1
echo "== reloaded"; pid=$(main); systemctl reload psfu; echo "$?"; [ "$(main)" = "$pid" ] && echo same
echo "== restarted"; systemctl restart psfu; psfu rooms list --output name
echo "== killed"; pid=$(main); kill -KILL "$pid"; when '[ "$(main)" -gt 1 ] && [ "$(main)" != "$pid" ]'
when 'systemctl is-active --quiet psfu'; psfu rooms list --output name
echo "== hung"; pid=$(main); kill -STOP "$pid"; when '[ "$(main)" -gt 1 ] && [ "$(main)" != "$pid" ]'
when 'systemctl is-active --quiet psfu'; psfu rooms list --output name
journalctl --unit psfu --grep 'Watchdog timeout' | wc -l
echo "== misconfigured"; systemctl stop psfu; echo 'wat = 1' >>/etc/psfu/psfu.toml; systemctl start psfu 2>/dev/null
systemctl show --property ExecMainStatus,NRestarts psfu
echo "== journal"; journalctl --unit psfu --output cat
systemctl poweroff
"""


def run(*command: object) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A root to boot: this machine's, to be written to without a trace."""
    if os.getuid() != 0 or shutil.which("systemd-nspawn") is None:
        pytest.skip("booting a container takes root and systemd-nspawn")
    if subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True
    ).returncode:
        pytest.skip("this root may not mount anything: it is a container's itself")
    layer, root = tmp_path / "layer", tmp_path / "root"
    for folder in (layer, root):
        folder.mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", layer)
    try:
        for name in ("upper", "work"):
            (layer / name).mkdir()
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={layer}/upper,workdir={layer}/work", root)
        try:
            yield root
        finally:
            run("umount", root)
    finally:
        run("umount", layer)


def install(root: Path, binary: WorkerBinary) -> None:
    """Do what an administrator does: the wheel, the account, the settings, the unit, and the worker without network."""
    (wheel,) = built.dist().glob("*.whl")
    prefix = root / "usr/local/psfu"
    run(PYTHON, "-m", "venv", "--without-pip", prefix)
    pip = (sys.executable, "-m", "pip", "--python", prefix / "bin/python3", "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel)
    (library,) = prefix.glob("lib/python3*/site-packages")
    # Without the largest of those that only tests and checks depend on.
    others = shutil.ignore_patterns("*psfu*", "playwright", "*mypy*", "mesonbuild", "pip")
    shutil.copytree(sysconfig.get_path("purelib"), library / "dependencies", ignore=others)
    (library / "dependencies.pth").write_text("dependencies\n")
    program = root / "usr/bin/psfu"
    program.write_text("#!/usr/local/psfu/bin/python3\nfrom psfu_cli.start import main\nmain()\n")
    program.chmod(0o755)
    for folder in ("systemd", "sysusers.d", "sysctl.d"):
        shutil.copytree(prefix / "lib" / folder, root / "usr/local/lib" / folder, dirs_exist_ok=True)
    state = root / "var/lib/psfu"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(binary.path.parent, state / "mediasoup" / binary.path.parent.name, symlinks=True)
    run("chroot", root, "systemd-sysusers")
    run("chroot", root, "chown", "-R", "psfu:psfu", "/var/lib/psfu")
    run("chroot", root, "psfu", "config", "init")
    # A machine of its own, that starts nothing but this.
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    units = root / "etc/systemd/system"
    (units / "check.service").write_text(CHECK)
    (units / "psfu.service.d").mkdir()
    (units / "psfu.service.d/sooner.conf").write_text("[Service]\nWatchdogSec=4\n")
    (units / "default.target").unlink(missing_ok=True)
    (units / "default.target").write_text(
        "[Unit]\nRequires=basic.target psfu.service check.service\nAfter=basic.target\n"
    )
    (root / "check.sh").write_text(SCRIPT)


def boot(root: Path) -> dict[str, list[str]]:
    """Boot until it powers itself off; return what the script told, by heading."""
    command = ["systemd-nspawn", "--quiet", "--directory", str(root), "--register=no", "--keep-unit", "--boot"]
    options = ["--private-network", "--console=pipe", "--machine=psfu-test"]
    done = subprocess.run([*command, *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, list[str]] = {}
    for line in (root / "told").read_text().splitlines():
        if line.startswith("== "):
            found = told[line.removeprefix("== ")] = []
        else:
            found.append(line)
    return told


@pytest.mark.skipif(not PYTHON.exists() or sys.version_info[:2] != (3, 11), reason="dependencies are Python 3.11's")
def test_it_starts_restarts_and_is_restarted(root: Path, worker_binary: WorkerBinary) -> None:
    install(root, worker_binary)
    told = boot(root)
    active, status = told["started"]
    assert active == "active" and status.endswith("workers, 0 rooms, 0 peers")
    assert told["owner"] == [
        "psfu:psfu 660 socket",
        "psfu:psfu 750 directory",
        "psfu:psfu 600 regular file",
    ]
    assert told["user"] == ["psfu", "exam-1"]
    assert told["reloaded"] == ["0", "same"]
    assert any("reloaded" in line and "turn_secrets" in line for line in told["journal"])
    assert told["restarted"] == ["exam-1"]
    assert told["killed"] == ["exam-1"]
    assert told["hung"] == ["exam-1", "1"]
    # It says why it cannot start, once.
    assert sorted(told["misconfigured"]) == ["ExecMainStatus=78", "NRestarts=0"]
    (error,) = [line for line in told["journal"] if line.startswith("error: ")]
    assert "/etc/psfu/psfu.toml" in error and "wat: no such key" in error
    assert not any("Traceback" in line for line in told["journal"])
