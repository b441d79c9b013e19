"""Commands of psfu in processes of their own, each forked from one that has imported what psfu is built upon.

Nearly all the time a command takes goes into importing typer and pydantic, the same for each of the hundreds that tests
run. Whatever is psfu's own each command imports anew, as one that is started does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

PSFU: Final = Path(sys.executable).with_name("psfu")
_IMPORTED: Final = (
    "argparse", "dataclasses", "email.parser", "http.client", "importlib.metadata", "pydantic.json_schema",
    "pydantic.type_adapter", "pydantic.types", "tomllib", "typer", "typer._adapters", "typer.completion",
)  # fmt: skip
_OF_THE_INTERPRETER: Final = ("PYTHON", "LANG", "LC_")
"""What begins like this is read when Python starts."""
_LONGEST: Final = 100_000
"""Bytes of an order that fit into one message."""


def psfu(
    arguments: Sequence[str], environ: Mapping[str, str], *, given: str | None = None, limit: float
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Without ``given`` its standard input is closed."""
    order = json.dumps({"arguments": list(arguments), "environ": dict(environ), "folder": os.getcwd()}).encode()
    if _interpreter(environ) == _interpreter(os.environ) and len(order) < _LONGEST:
        return _origin().run(order, [str(PSFU), *arguments], given, limit)
    stdin = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [PSFU, *arguments], capture_output=True, text=True, env=environ, timeout=limit, **stdin
    )


def _interpreter(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(_OF_THE_INTERPRETER)}


class _Origin:
    """The process that commands are forked from."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self.end)

    def run(
        self, order: bytes, command: list[str], given: str | None, limit: float
    ) -> subprocess.CompletedProcess[str]:
        """Let a command run to its end."""
        status, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with (
            status,
            tempfile.TemporaryFile("w+") as stdin,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            stdin.write(given or "")
            stdin.seek(0)
            with theirs:
                files = [each.fileno() for each in (stdin, out, err, theirs)]
                socket.send_fds(self._channel, [order], files)
            status.settimeout(limit)
            pid = int(status.recv(20))
            try:
                code = int(status.recv(20))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, limit) from None
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

    def end(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait()


_origin = cache(_Origin)


def _serve(channel: socket.socket) -> None:
    """Fork for every order until there are no more. Returns in a process that is to be a command, and there alone."""
    while True:
        order, files, _, _ = socket.recv_fds(channel, _LONGEST, 4)
        if not order:
            os._exit(0)
        # One process waits for the command, so that this one waits for nobody.
        if os.fork() == 0:
            channel.close()
            _watch(order, files)
            return
        for file in files:
            os.close(file)


def _watch(order: bytes, files: list[int]) -> None:
    """Fork once more and tell the process id and how it ended; returns in the process that is to be the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, status = files
    pid = os.fork()
    if pid:
        for file in streams:
            os.close(file)
        with socket.socket(fileno=status) as telling:
            telling.send(str(pid).encode())
            _, code = os.waitpid(pid, 0)
            telling.send(str(os.waitstatus_to_exitcode(code)).encode())
        os._exit(0)
    os.close(status)
    for number, file in enumerate(streams):
        os.dup2(file, number)
        os.close(file)
    wanted = json.loads(order)
    os.environ.clear()
    os.environ.update(wanted["environ"])
    os.chdir(wanted["folder"])
    time.tzset()
    sys.argv = [str(PSFU), *wanted["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> None:
    """Be the process that commands are forked from, and in each of its children what the script ``psfu`` is."""
    sys.path[0] = str(PSFU.parent)
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _serve(socket.socket(fileno=int(sys.argv[1])))

    from psfu_cli.start import main

    main()


if __name__ == "__main__":
    main()
