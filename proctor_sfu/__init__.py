"""Proctor SFU: live exam proctoring over mediasoup workers."""

__version__ = "0.1.0"
