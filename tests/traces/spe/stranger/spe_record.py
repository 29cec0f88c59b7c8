"""SPE sample records as a PE writes them, packet by packet.

Written from what Arm DDI 0487 M.a.a says in D18.1 and D18.2. A record is packets in any order, of
which the last is a Timestamp or an End packet; padding is the byte 0.
"""

import struct

PADDING = b"\x00"
END = b"\x01"
RESERVED_WITHOUT_PAYLOAD = b"\x02"  # headers 0x02 to 0x1f are reserved (D18.2)

NON_SECURE = 1 << 63  # bit 7 of byte 7 of an instruction's address
EL0, EL1, EL2 = 0 << 61, 1 << 61, 2 << 61  # bits 6:5 of byte 7

LOAD, STORE, OTHER, BRANCH = b"\x49\x00", b"\x49\x01", b"\x48\x00", b"\x4a\x01"
RETIRED, L1_ACCESS, L1_REFILL, TLB_ACCESS = 1 << 1, 1 << 2, 1 << 3, 1 << 4


def timestamp(ticks):
    return b"\x71" + struct.pack("<Q", ticks)


def events(bits, size=2):
    """The Events packet, with a payload of `size` bytes (1, 2, 4 or 8)."""
    header = 0x42 | {1: 0, 2: 1, 4: 2, 8: 3}[size] << 4
    return bytes([header]) + bits.to_bytes(size, "little")


def address(index, value):
    """An Address packet: 0 PC, 1 branch target, 2 data VA, 3 data PA, 4 previous branch target."""
    return bytes([0xB0 | index]) + struct.pack("<Q", value)


def pc(value, level=EL0):
    return address(0, value | NON_SECURE | level)


def counter(index, cycles):
    """A Counter packet: 0 total, 1 issue, 2 translation latency."""
    return bytes([0x98 | index]) + struct.pack("<H", cycles)


def extended(index_high, packet):
    """The packet with an extended header, which gives bits 4:3 of the index."""
    return bytes([0x20 | index_high]) + packet


def context(level, contextidr):
    return bytes([0x64 | level - 1]) + struct.pack("<I", contextidr)


def data_source(value, size=1):
    return bytes([0x43 | (size - 1) << 4]) + value.to_bytes(size, "little")


def load(number, last=None):
    """The record of a load, 48 bytes: each kind of packet that a load has, and then a Timestamp."""
    body = pc(0x4000_1000 + 4 * number) + context(1, 0x1234) + LOAD
    body += events(RETIRED | L1_ACCESS | TLB_ACCESS)
    body += counter(0, 30) + counter(1, 10) + counter(2, 4)
    body += address(2, 0x7F00_0000_0000 + 64 * number) + data_source(8)
    return body + (timestamp(1_000_000 + 100 * number) if last is None else last)


def branch(number, last=END):
    """The record of a branch, 30 bytes when an End packet is its last one."""
    body = pc(0x4000_2000 + 4 * number, EL1) + BRANCH + events(RETIRED)
    return body + counter(0, 9) + counter(1, 3) + address(1, 0x4000_3000 | NON_SECURE | EL1) + last


def aligned(record, alignment=64):
    """The record and the padding that a PE with PMBIDR_EL1.Align adds to it."""
    return record + PADDING * (-len(record) % alignment)


def loads(first, count):
    """So many records of loads, each aligned to 64 bytes."""
    return b"".join(aligned(load(number)) for number in range(first, first + count))
