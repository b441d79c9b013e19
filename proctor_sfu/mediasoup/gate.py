"""Tries a worker binary before it is trusted: it must start, talk, and survive a real DTLS handshake as the client.

The handshake is what a binary built against an unsuitable OpenSSL dies of, and nothing short of one shows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor_sfu.aio import spawn
from proctor_sfu.errors import MediasoupError, WorkerUnusableError
from proctor_sfu.mediasoup.dtls import DtlsFingerprint, DtlsParameters
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings

if TYPE_CHECKING:
    from OpenSSL import SSL

_TIMEOUT = 10.0


def gate(binary: Path, schema: Path, version: str) -> None:
    """Raise `WorkerUnusableError` unless the binary works. Blocking; takes a fraction of a second."""
    try:
        asyncio.run(_try(WorkerSettings(path=binary, schema=schema, version=version)))
    except TimeoutError as error:
        raise WorkerUnusableError(f"{binary} does not finish a DTLS handshake within {_TIMEOUT:g} s") from error
    except (MediasoupError, OSError) as error:
        raise WorkerUnusableError(f"{binary} does not work: {error}") from error


async def _try(settings: WorkerSettings) -> None:
    async with asyncio.timeout(_TIMEOUT), Worker(settings) as worker:
        await worker.dump()
        router = await worker.create_router()
        transport = await router.create_webrtc_transport(listen_infos=[ListenInfo(ip="127.0.0.1")])
        over: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

        def end(reason: Exception | None) -> None:
            if not over.done():
                over.set_result(reason)

        def changed(state: str) -> None:
            if state == "connected":
                end(None)
            elif state in ("failed", "closed"):
                end(WorkerUnusableError(f"DTLS {state}"))

        worker.on("died", end)
        transport.on("dtlsstatechange", changed)
        connection, parameters = _identity()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
            endpoint.setblocking(False)
            candidate = transport.ice_candidates[0]
            endpoint.connect((candidate.address, candidate.port))
            endpoint.send(_ice_check(transport))
            await transport.connect(dtls_parameters=parameters)
            pump = spawn(_pump(endpoint, connection), name="dtls gate")
            reason = await over
            pump.cancel()
            await asyncio.wait((pump,))
        if reason is not None:
            raise reason


async def _pump(endpoint: socket.socket, connection: SSL.Connection) -> None:
    """Be the server's side of DTLS."""
    from OpenSSL import SSL

    while True:
        data = await asyncio.get_running_loop().sock_recv(endpoint, 2048)
        if not 20 <= data[0] <= 63:
            continue  # STUN; the first byte tells them apart (RFC 7983).
        connection.bio_write(data)
        with contextlib.suppress(SSL.WantReadError):
            connection.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            while True:
                endpoint.send(connection.bio_read(1200))


def _ice_check(transport: WebRtcTransport) -> bytes:
    """Return the one STUN request an ICE-lite end needs to be connected (RFC 8445)."""
    from aioice import stun

    check = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{transport.ice_parameters.username_fragment}:gate"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = 1
    check.attributes["USE-CANDIDATE"] = None
    check.add_message_integrity(transport.ice_parameters.password.encode())
    check.add_fingerprint()
    return bytes(check)


def _identity() -> tuple[SSL.Connection, DtlsParameters]:
    """Return a DTLS server with a fresh certificate, and the parameters that announce it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from OpenSSL import SSL

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gate")])
    now = datetime.datetime.now(datetime.UTC)
    builder: Any = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    certificate = builder.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")
    connection = SSL.Connection(context)
    connection.set_accept_state()
    value = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    fingerprint = DtlsFingerprint(algorithm="sha-256", value=value)
    return connection, DtlsParameters(role="server", fingerprints=(fingerprint,))
