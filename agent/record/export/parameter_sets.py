"""Parameter sets of a copied and of a re-encoded part in one track (ISO 14496-15).

H.264: the re-encoded part has sets with ids of its own, and the record in front (`avcC`) holds both. H.265: the
encoder cannot choose ids, so that each part begins with its sets in the stream (`hev1`).
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.core.nal import with_lengths
from agent.record.cutting import Unit

LENGTH_BYTES = 4
_SPS, _PPS = 7, 8
_IDR = 5
_IRAP = range(16, 22)
_DELIMITER = 35
_END_OF_SEQUENCE = bytes.fromhex("000000024801")
_HIGHEST_ID = 31


def is_random_access(codec: str, data: bytes) -> bool:
    """Can a decoder begin here for certain? A keyframe may be only a point of recovery."""
    if codec == "h264":
        return any(unit[0] & 0x1F == _IDR for unit in nal_units(data))
    return any(unit[0] >> 1 & 0x3F in _IRAP for unit in nal_units(data))


def nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of a sample."""
    at = 0
    while at + LENGTH_BYTES < len(data):
        size = int.from_bytes(data[at : at + LENGTH_BYTES], "big")
        yield data[at + LENGTH_BYTES : at + LENGTH_BYTES + size]
        at += LENGTH_BYTES + size


def free_id(avcc: bytes) -> int:
    """An id that no parameter set of the record has."""
    sps, pps, _ = _avcc_sets(avcc)
    taken = {_first_number(unit[4:]) for unit in sps} | {_first_number(unit[1:]) for unit in pps}
    return next(number for number in range(_HIGHEST_ID, 0, -1) if number not in taken)


def with_sets(avcc: bytes, annex_b: bytes) -> bytes:
    """The record with the encoder's sets added."""
    sps, pps, rest = _avcc_sets(avcc)
    new = list(nal_units(with_lengths(annex_b)))
    sps += [unit for unit in new if unit[0] & 0x1F == _SPS]
    pps += [unit for unit in new if unit[0] & 0x1F == _PPS]
    return avcc[:5] + bytes([0xE0 | len(sps)]) + _listed(sps) + bytes([len(pps)]) + _listed(pps) + rest


def without_sets(data: bytes, codec: str) -> bytes:
    """A sample of the encoder without the H.264 sets that stand in the record already."""
    kept = (unit for unit in nal_units(data) if codec != "h264" or unit[0] & 0x1F not in {_SPS, _PPS})
    return b"".join(len(unit).to_bytes(LENGTH_BYTES, "big") + unit for unit in kept)


def hevc_sets(hvcc: bytes) -> bytes:
    """The record's parameter sets as they stand in a sample."""
    found, at = b"", 23
    for _ in range(hvcc[22]):
        count, at = int.from_bytes(hvcc[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(hvcc[at : at + 2], "big")
            found += size.to_bytes(LENGTH_BYTES, "big") + hvcc[at + 2 : at + 2 + size]
            at += 2 + size
    return found


def with_prefix(unit: Unit, sets: bytes) -> Unit:
    """An H.265 unit with parameter sets in front, behind the delimiter if it begins with one."""
    first = next(nal_units(unit.data), b"\0")
    at = LENGTH_BYTES + len(first) if first[0] >> 1 & 0x3F == _DELIMITER else 0
    return unit._replace(data=unit.data[:at] + sets + unit.data[at:])


def ended(unit: Unit) -> Unit:
    """An H.265 unit after which a new sequence begins: pictures after it do not count on those before."""
    return unit._replace(data=unit.data + _END_OF_SEQUENCE)


def _avcc_sets(avcc: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    sps, at = _taken(avcc, 6, avcc[5] & 0x1F)
    pps, at = _taken(avcc, at + 1, avcc[at])
    return sps, pps, avcc[at:]


def _taken(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    found = []
    for _ in range(count):
        size = int.from_bytes(record[at : at + 2], "big")
        found.append(record[at + 2 : at + 2 + size])
        at += 2 + size
    return found, at


def _listed(sets: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)


def _first_number(data: bytes) -> int:
    """The Exp-Golomb number that `data` begins with (H.264 section 9.1)."""
    bits = f"{int.from_bytes(data[:9], 'big'):0{8 * len(data[:9])}b}"
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
