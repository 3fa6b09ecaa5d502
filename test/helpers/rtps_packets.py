"""Packets of RTPS 2.3 as a publisher might have sent them, to bring a reader into a state that needs a loss at the right moment."""

from __future__ import annotations

import socket
import struct

# DDSI-RTPS 9.6.1.1: 7400 + 250 * domain + 11 + 2 * participant is where a participant listens for data.
BASE, PER_DOMAIN, PER_PARTICIPANT, DATA, PARTICIPANTS = 7400, 250, 2, 11, 60
ANY_READER, EPROSIMA = bytes(4), b"\x01\x0f"
DATA_FRAG, GAP = 0x16, 0x08


def first_fragment(writer: bytes, number: int, size: int, fragment: int = 1024) -> bytes:
    """DATA_FRAG (8.3.7.3): the first ``fragment`` bytes of the message ``number``, of ``size`` bytes."""
    head = struct.pack("<HH", 0, 28) + ANY_READER + writer[12:16] + _number(number)
    return _submessage(
        DATA_FRAG, head + struct.pack("<IHHI", 1, 1, fragment, size) + b"\x00\x01\x00\x00" + bytes(fragment - 4)
    )


def gap(writer: bytes, number: int) -> bytes:
    """GAP (8.3.7.4): the message ``number`` is out of date."""
    return _submessage(GAP, ANY_READER + writer[12:16] + _number(number) + _number(number + 1) + struct.pack("<I", 0))


def send(writer: bytes, domain: int, *submessages: bytes) -> None:
    """Send as the publisher with this GUID (16 bytes), to every participant of the domain on this machine."""
    packet = b"RTPS\x02\x03" + EPROSIMA + writer[:12] + b"".join(submessages)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for participant in range(PARTICIPANTS):
            port = BASE + PER_DOMAIN * domain + DATA + PER_PARTICIPANT * participant
            sender.sendto(packet, ("127.0.0.1", port))


def _submessage(kind: int, content: bytes) -> bytes:
    return struct.pack("<BBH", kind, 1, len(content)) + content  # 1: little endian


def _number(value: int) -> bytes:
    return struct.pack("<iI", value >> 32, value & 0xFFFFFFFF)
