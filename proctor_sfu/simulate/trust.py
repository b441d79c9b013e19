"""Whose certificate simulated clients take for the server's."""

from __future__ import annotations

import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """By default what this machine trusts. ``authority``: a file in PEM, then only what it vouches for."""

    authority: str | None = None
    anybody: bool = False
    """Do not look at all."""

    def context(self) -> ssl.SSLContext:
        """Return what to connect with; raises `OSError`, `ssl.SSLError` among them, for a file that does not serve."""
        context = ssl.create_default_context(cafile=self.authority)
        if self.anybody:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
