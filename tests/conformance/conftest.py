"""One worker of each host for a whole module, with the same DTLS certificate."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.host import Host
from conformance.node import NodeHost
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings

if TYPE_CHECKING:
    from proctor_sfu.mediasoup.install import WorkerBinary


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of a certificate and its key."""
    folder = tmp_path_factory.mktemp("dtls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conformance")])
    now = datetime.datetime.now(datetime.UTC)
    builder: Any = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    made = builder.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "certificate.pem").write_bytes(made.public_bytes(encoding))
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def node(worker_binary: WorkerBinary, certificate: tuple[Path, Path]) -> Iterator[NodeHost]:
    """The official host."""
    file, key = map(str, certificate)
    settings = {"logLevel": "none", "dtlsCertificateFile": file, "dtlsPrivateKeyFile": key}
    with NodeHost(worker_binary.path, settings) as host:
        yield host


@pytest.fixture(scope="module")
def host(worker_binary: WorkerBinary, certificate: tuple[Path, Path]) -> Host:
    """What makes workers of this host."""
    file, key = certificate
    return Host(
        WorkerSettings(
            path=worker_binary.path, schema=worker_binary.schema, log_level="none", dtls_certificate_file=file,
            dtls_private_key_file=key,
        )
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(host: Host) -> AsyncIterator[Worker]:
    """A worker of this host."""
    async with Worker(host.settings) as made:
        yield made
