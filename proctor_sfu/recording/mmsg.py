"""The structures of ``recvmmsg(2)`` and ``sendmmsg(2)``: many datagrams with one system call."""

from __future__ import annotations

import ctypes


class Vector(ctypes.Structure):
    """``struct iovec``: a piece of memory."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    """``struct msghdr``: address, pieces and control messages of a datagram."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.POINTER(Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class Message(ctypes.Structure):
    """``struct mmsghdr``: a datagram and how much of it was passed on."""

    _fields_ = (("header", Header), ("length", ctypes.c_uint32))
