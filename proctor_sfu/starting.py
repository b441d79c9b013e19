"""What can go wrong when a daemon starts, told with where to change what: file, key and remedy."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

from proctor_sfu.errors import (
    AddressInUseError,
    InstallError,
    KeyFileError,
    SettingsError,
    SocketError,
    StateError,
    WorkerBuildError,
    WorkerRequestError,
)
from proctor_sfu.mediasoup.build import Progress
from proctor_sfu.mediasoup.gate import gate
from proctor_sfu.mediasoup.install import WorkerBinary, install
from proctor_sfu.rooms.ice import IceServers
from proctor_sfu.settings_file import Loaded


def allow_open_files() -> None:
    """Let the daemon and what it starts open as many files as they may; a shell allows less, for programs of old."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def find_worker(loaded: Loaded, *, offline: bool, progress: Progress) -> WorkerBinary:
    """Return the worker to run. One that was named by hand is tried first: it may be anything.

    Raises `InstallError`.
    """
    binary = loaded.settings.workers.binary
    by_hand = "MEDIASOUP_WORKER_BIN" if os.environ.get("MEDIASOUP_WORKER_BIN") else binary and "workers.binary"
    try:
        found = install(worker_bin=binary, offline=offline, progress=progress)
        if by_hand:
            gate(found.path, found.schema, found.version)
    except WorkerBuildError:
        raise
    except InstallError as error:
        if not by_hand:
            raise
        text = f"{error}; name a good one, or none to use the installed one"
        named = loaded.problem(by_hand, text) if by_hand in loaded.origin else f"environment: {by_hand}: {text}"
        raise type(error)(named) from error
    return found


def ice_servers_of(loaded: Loaded) -> IceServers:
    """Return what clients are told of TURN; raises `SettingsError` for a secret that cannot be used."""
    turn = loaded.settings.turn
    secrets = _secrets(loaded, "turn.secret_file", turn.secret_file, "the TURN server's shared secret")
    return IceServers(urls=turn.urls, secrets=secrets, ttl=turn.ttl_seconds)


def webhook_secrets_of(loaded: Loaded) -> tuple[str, ...]:
    """Return what webhooks are signed with; raises `SettingsError` for a secret that cannot be used."""
    file = loaded.settings.webhooks.secret_file
    return _secrets(loaded, "webhooks.secret_file", file, "the secret that webhooks are signed with")


def _secrets(loaded: Loaded, key: str, file: Path | None, what: str) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "not UTF-8").lower()
        raise SettingsError([loaded.problem(key, f"{file}: {reason}; name a file with {what}")]) from None
    secrets = tuple(line.strip() for line in lines if line.strip())
    if not secrets:
        raise SettingsError([loaded.problem(key, f"{file}: empty; write {what} into it")])
    return secrets


@contextlib.contextmanager
def control_socket_of(loaded: Loaded) -> Iterator[None]:
    """Explain why the control socket cannot be made."""
    try:
        yield
    except (SocketError, AddressInUseError) as error:
        raise type(error)(loaded.problem("control.socket", str(error))) from error


@contextlib.contextmanager
def state_of(loaded: Loaded) -> Iterator[None]:
    """Explain why the state directory cannot be used."""
    try:
        yield
    except StateError as error:
        text = f"{error}; name a directory that only this daemon uses"
        raise StateError(loaded.problem("state.directory", text)) from error


@contextlib.contextmanager
def token_keys_of(loaded: Loaded) -> Iterator[None]:
    """Explain why public keys cannot be used."""
    try:
        yield
    except StateError as error:
        jwks = loaded.settings.tokens.jwks
        key = "tokens.jwks" if jwks is not None and str(error).startswith(f"{jwks}: ") else "tokens.public_keys"
        raise SettingsError([loaded.problem(key, str(error))]) from error


@contextlib.contextmanager
def workers_of(loaded: Loaded) -> Iterator[None]:
    """Explain why the workers cannot listen."""
    try:
        yield
    except AddressInUseError as error:
        raise AddressInUseError(loaded.problem("rtc.port", f"{error}; choose another, 0 takes free ones")) from error
    except WorkerRequestError as error:
        addresses = " or ".join(ip for ip, _ in loaded.settings.rtc.addresses)
        text = f"{addresses}: {error}; name an address of this machine"
        raise SettingsError([loaded.problem("rtc.listen_ip", text)]) from error


@contextlib.contextmanager
def recordings_of(loaded: Loaded) -> Iterator[None]:
    """Explain why recordings cannot be kept."""
    master = loaded.settings.recording.master_key
    try:
        yield
    except KeyFileError as error:
        name = "master_key" if master is not None and str(master) in str(error) else "signing_key"
        raise SettingsError([loaded.problem(f"recording.{name}", str(error))]) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        text = f"{error.filename}: {reason}; name a directory that this daemon can write to"
        raise SettingsError([loaded.problem("recording.directory", text)]) from error


def signaling_of(loaded: Loaded) -> contextlib.AbstractContextManager[None]:
    """Explain why clients cannot be listened for."""
    return _listening(loaded, "signaling", loaded.settings.signaling.host, loaded.settings.signaling.port)


def metrics_of(loaded: Loaded) -> contextlib.AbstractContextManager[None]:
    """Explain why metrics cannot be had over TCP."""
    return _listening(loaded, "metrics", loaded.settings.metrics.host, loaded.settings.metrics.port or 0)


@contextlib.contextmanager
def _listening(loaded: Loaded, table: str, host: str, port: int) -> Iterator[None]:
    try:
        yield
    except socket.gaierror as error:
        text = f"{host}: {(error.strerror or str(error)).lower()}; name an address of this machine"
        raise SettingsError([loaded.problem(f"{table}.host", text)]) from error
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        if error.errno == errno.EADDRINUSE:
            text = f"{host} port {port}: {reason}; choose another, 0 takes a free one"
            raise AddressInUseError(loaded.problem(f"{table}.port", text)) from error
        if error.errno == errno.EACCES:
            text = f"{host} port {port}: {reason}; choose one above 1023 or give psfu CAP_NET_BIND_SERVICE"
            raise SettingsError([loaded.problem(f"{table}.port", text)]) from error
        text = f"{host}: {reason}; name an address of this machine"
        raise SettingsError([loaded.problem(f"{table}.host", text)]) from error
