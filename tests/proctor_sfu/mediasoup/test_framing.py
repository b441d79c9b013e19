"""The framer at every split point, and with lengths no worker sends."""

from __future__ import annotations

import struct

import pytest

from proctor_sfu.errors import ChannelError
from proctor_sfu.mediasoup.framing import MAX_MESSAGE, Framer

MESSAGES = [b"eight by", b"and then twelve.", bytes(300)]
STREAM = b"".join(struct.pack("<I", len(message)) + message for message in MESSAGES)


def take(framer: Framer, data: bytes) -> list[bytes]:
    buffer, positions = framer.feed(data)
    return [buffer[at : at + struct.unpack_from("<I", buffer, at - 4)[0]] for at in positions]


@pytest.mark.parametrize("split", range(len(STREAM) + 1))
def test_messages_come_out_whole_wherever_the_stream_is_split(split: int) -> None:
    framer = Framer()
    assert take(framer, STREAM[:split]) + take(framer, STREAM[split:]) == MESSAGES


def test_messages_come_out_whole_byte_by_byte() -> None:
    framer = Framer()
    assert [message for byte in STREAM for message in take(framer, bytes([byte]))] == MESSAGES


@pytest.mark.parametrize("length", [0, 7, MAX_MESSAGE + 1, 2**32 - 1])
def test_a_length_no_worker_sends_is_an_error(length: int) -> None:
    with pytest.raises(ChannelError, match=str(length)):
        Framer().feed(struct.pack("<I", length))


def test_the_longest_message_is_accepted() -> None:
    framer = Framer()
    framer.feed(struct.pack("<I", MAX_MESSAGE))
    assert len(take(framer, bytes(MAX_MESSAGE))[0]) == MAX_MESSAGE
