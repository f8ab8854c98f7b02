"""What a worker and its learner's process say to each other: MessagePack, each message behind its length.

Every request is answered by one reply, in order; between replies come lines for the log.
"""

import struct
from typing import Any

import msgspec

from detectors.capping import CapOptions
from detectors.evaluation.prequential import Prequential
from detectors.regime import Regime, RegimeOptions

LENGTH = struct.Struct("<Q")
"""The bytes of a message, before it."""


class Terms(msgspec.Struct, frozen=True):
    """What a learner is to learn under."""

    partitions: int
    """Of vigie.events: a month is learned once each has answered for it."""
    horizon: int
    regime: RegimeOptions = RegimeOptions()
    cap: CapOptions = CapOptions()
    learning: dict[str, Any] = {}
    """Fields of `learning.LearningOptions` that differ from the default; by name, since its module brings River."""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Forget everything, go on from this model, a record of vigie.models. Answered by Standing."""

    terms: Terms
    model: bytes


class Take(msgspec.Struct, frozen=True, tag=True):
    """A record of vigie.labelled-examples. Answered by Standing, `month` being the record's."""

    offset: int
    value: bytes


class Learn(msgspec.Struct, frozen=True, tag=True):
    """Learn a month that is due. Answered by Learned."""

    month: int


class Standing(msgspec.Struct, frozen=True, tag=True):
    """How far the learner is, after a request."""

    through: int
    """Nothing is to be learned of months up to this one, once none is due."""
    due: int | None = None
    """The month to be learned next; None while partitions have to answer for it."""
    month: int = 0
    """The month of the record just taken; 0 for what is no block of this version's."""


class Learned(msgspec.Struct, frozen=True, tag=True):
    """What came of a month."""

    month: int
    version: str
    model: bytes
    """The record to be published."""
    regime: Regime
    firms: int
    """Answered firms."""
    figures: Prequential | None
    """How good their scores were; None where there were none."""
    standing: Standing


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The model cannot be gone on from: the message of an UnusableModel."""

    message: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """What was asked raised something that nobody foresaw."""

    message: str


class Logged(msgspec.Struct, frozen=True, tag=True):
    """A line for the worker's log; answers nothing."""

    logger: str
    level: int
    message: str


Request = Begin | Take | Learn
Reply = Standing | Learned | Refused | Failed

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply | Logged] = msgspec.msgpack.Decoder(Reply | Logged)


def framed(message: Request | Reply | Logged) -> bytes:
    """A message behind its length."""
    data = _encoder.encode(message)
    return LENGTH.pack(len(data)) + data


def request_of(data: bytes) -> Request:
    """A request from its bytes, without their length."""
    return _requests.decode(data)


def reply_of(data: bytes) -> Reply | Logged:
    """A reply, or a line for the log, from its bytes, without their length."""
    return _replies.decode(data)
