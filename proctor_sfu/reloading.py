"""What a running daemon reads again when told to: files that others renew. Its settings it reads at start only."""

from __future__ import annotations

import contextlib
import datetime
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.daemon import Reloaded
from proctor_sfu.errors import SettingsError
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.settings_file import Loaded
from proctor_sfu.signaling.tls import served
from proctor_sfu.starting import ice_servers_of

_log = structlog.get_logger("psfu")


class Reloader:
    """The certificate of ``[signaling.tls]`` and the secrets of ``turn.secret_file``."""

    def __init__(self, loaded: Loaded, registry: Registry, state: Path) -> None:
        """Raises `SettingsError` for a certificate that does not serve."""
        self._loaded = loaded
        self._registry = registry
        self._tls = served(loaded.settings, state)
        self._failed = False
        self._loaded_at = time.time()

    @property
    def context(self) -> ssl.SSLContext | None:
        """What signaling listens with, None: without TLS."""
        return None if self._tls is None else self._tls.context

    def reload(self) -> Reloaded:
        """Read everything again. Raises `SettingsError`: something does not serve, and nothing was changed."""
        try:
            ice = ice_servers_of(self._loaded)
            if self._tls is not None:
                self._tls.renew(datetime.datetime.now(datetime.UTC))
        except SettingsError as error:
            self._failed = True
            _log.error("not_reloaded", reason=str(error))
            raise
        self._registry.ice = ice
        self._failed, self._loaded_at = False, time.time()
        expires = None if self._tls is None else timestamp(self._tls.certificate.not_valid_after_utc.timestamp())
        _log.info("reloaded", certificate_expires=expires, turn_secrets=len(ice.secrets))
        return Reloaded(certificate_expires=expires, turn_secrets=len(ice.secrets))

    def hangup(self) -> None:
        """Do the same for a signal, which has no answer: what is wrong is in the log."""
        with contextlib.suppress(SettingsError):
            self.reload()

    def metrics(self) -> Iterator[Metric]:
        """Yield what Prometheus gets: a certificate that is not taken up is noticed before it expires."""
        text = "Whether what was read again last served; 1 after the start."
        yield GaugeMetricFamily("psfu_config_last_reload_success", text, value=float(not self._failed))
        text = "Unix time at which what is in use was read."
        yield GaugeMetricFamily("psfu_config_last_reload_success_timestamp_seconds", text, value=self._loaded_at)
