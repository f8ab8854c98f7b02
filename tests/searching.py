"""Looking for a firm in bytes, whatever they are: compressed, packed, integers of an array."""

import zlib
from contextlib import suppress

import msgspec

from detectors.headlines import MARK


def holds(data: object, siren: int) -> bool:
    """Whether a SIREN is in something, at any depth: as a number, in text, as an integer of an array, compressed."""
    if isinstance(data, bytes):
        packed = data.removeprefix(MARK)
        with suppress(zlib.error):
            return holds(zlib.decompress(packed), siren)
        forms = [b"%09d" % siren, *(siren.to_bytes(size, order) for size in (4, 8) for order in ("little", "big"))]
        return any(form in data for form in forms) or holds(_unpacked(packed), siren)
    if isinstance(data, dict):
        return any(holds(part, siren) for pair in data.items() for part in pair)
    if isinstance(data, list | tuple):
        return any(holds(part, siren) for part in data)
    return data == siren or (isinstance(data, str) and f"{siren:09d}" in data)


def _unpacked(data: bytes) -> object:
    """What is packed in it, for numbers and bytes are not packed alone here."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        found: object = msgspec.msgpack.decode(data)
        return found if isinstance(found, dict | list) else None
    return None
