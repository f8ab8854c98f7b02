"""What an operator is told of a model, read without what it takes to score with it (`detectors.models`)."""

import zlib
from datetime import date

import msgspec

from detectors.errors import UnusableInput
from detectors.regime import Regime

MARK = b"vigie-model\n"
"""What the bytes of a model begin with; what follows is compressed MessagePack."""


class Headline(msgspec.Struct, frozen=True):
    """A model's name, the last day whose events it has learned from, and the state of the world then."""

    version: str
    as_of: date | None
    regime: Regime = Regime()


def headline(data: bytes) -> Headline:
    """The headline of a model's bytes, of whatever features and format (format 1 was JSON).

    Raises UnusableInput when it is no model.
    """
    try:
        if not data.startswith(MARK):
            return msgspec.json.decode(data, type=Headline)
        return msgspec.msgpack.decode(zlib.decompress(data.removeprefix(MARK)), type=Headline)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise UnusableInput(f"not a model of Vigie: {error}") from None
