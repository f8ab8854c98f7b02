"""The end of a replay as the beginning of a live worker: state and model, written to a folder, put into a cluster.

A folder has `model.msgpack` and `state.msgpack`; the latter is a header, then one record after the other, each behind
its length (u4). Records are those of `detectors.pack`, whole; which partition each belongs to is decided when a cluster
is seeded, so a folder serves clusters of any number of partitions.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from detectors import models, pack
from detectors.chain import Chain
from detectors.errors import UnusableInput
from detectors.models import Model
from streams.cluster import Cluster
from streams.errors import StreamsError
from streams.models_topic import MODEL_KEY
from streams.outbox import Outbox, Outgoing
from streams.partitioner import partitions_of
from streams.reading import partitions_of as topic_partitions
from streams.reading import reader
from streams.topics import CHANGELOG, EVENTS, MODELS

MODEL_NAME = "model.msgpack"
STATE_NAME = "state.msgpack"
FORMAT = 1
FIRMS_AT_ONCE = 10_000
_LENGTH = struct.Struct("<I")


class Header(msgspec.Struct, frozen=True, array_like=True):
    """The first record of a state file."""

    format: int
    firms: int
    day: int


def write(chain: Chain, model: Model, folder: Path) -> None:
    """Write a replay's end. Each file appears whole or not at all. Raises UnusableInput where the folder cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / MODEL_NAME, models.encode(model))
        partial = folder / f"{STATE_NAME}.partial"
        with partial.open("wb") as stream:
            _put(stream, Header(FORMAT, len(chain.panel), chain.day))
            for record in _records(chain):
                _put(stream, record)
        partial.replace(folder / STATE_NAME)
    except OSError as error:
        raise UnusableInput(f"{folder} cannot be written: {error.strerror}. Name another folder") from error


def read(folder: Path) -> tuple[Chain, Model]:
    """What `write` wrote. Raises UnusableInput where there is no such folder or it is damaged."""
    try:
        model = models.decode((folder / MODEL_NAME).read_bytes())
        with (folder / STATE_NAME).open("rb") as stream:
            header = msgspec.msgpack.decode(_take(stream), type=Header)
            if header.format != FORMAT:
                raise UnusableInput(
                    f"{folder} has state of format {header.format}, this version of Vigie reads {FORMAT}: write it "
                    "again with `vigie replay --state-out`"
                )
            chain = Chain(model)
            batch: list[pack.Record] = []
            while data := _take(stream):
                batch.append(msgspec.msgpack.decode(data, type=tuple[bytes, bytes]))
                if len(batch) == FIRMS_AT_ONCE:
                    pack.load(chain, batch)
                    batch.clear()
            pack.load(chain, batch)
    except (OSError, msgspec.MsgspecError, struct.error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnusableInput(
            f"{folder} is no state that `vigie replay --state-out` wrote, or is damaged: {reason}. Write it again"
        ) from error
    if len(chain.panel) != header.firms:
        raise UnusableInput(
            f"{folder} is cut short: {len(chain.panel)} of {header.firms} firms. Write it again with "
            "`vigie replay --state-out`"
        )
    return chain, model


async def seed(cluster: Cluster, folder: Path, timeout_seconds: float) -> int:
    """Put a folder's state and model into an empty cluster; gives the number of firms.

    Effects in order: firms and waiting cohorts of every partition, each partition's time last; then the model; all
    confirmed. A kill in between leaves a cluster that is not empty: seed again, with `--replace`. Raises StreamsError
    where there is state or a model already, SendFailed, and what `read` raises.
    """
    chain, model = read(folder)
    partitions = _empty_partitions(cluster)
    outbox = Outbox(cluster, timeout_seconds)
    await outbox.start()
    try:
        sirens = chain.panel.firms["siren"][: len(chain.panel)]
        places = partitions_of(sirens, partitions)
        for partition in range(partitions):
            rows = np.flatnonzero(places == partition)
            for start in range(0, len(rows), FIRMS_AT_ONCE):
                records = pack.firm_records(chain.panel, rows[start : start + FIRMS_AT_ONCE])
                await outbox.settled(CHANGELOG, await outbox.send_batches(CHANGELOG, partition, records))
            await outbox.settled(
                CHANGELOG, await outbox.send_batches(CHANGELOG, partition, _rest(chain, partition, partitions))
            )
        await outbox.send(MODELS, [Outgoing(MODEL_KEY, models.encode(model), partition=0)])
    finally:
        await outbox.stop()
    return len(chain.panel)


def _records(chain: Chain) -> Iterator[pack.Record]:
    # By SIREN: rows are given as firms come, and how the events were cut must not show.
    rows = np.argsort(chain.panel.firms["siren"][: len(chain.panel)])
    for start in range(0, len(rows), FIRMS_AT_ONCE):
        yield from pack.firm_records(chain.panel, rows[start : start + FIRMS_AT_ONCE])
    for cohort in chain.waiting():
        yield from pack.cohort_records(cohort)
    yield pack.clock_record(chain.time)


def _rest(chain: Chain, partition: int, partitions: int) -> Iterator[pack.Record]:
    """A partition's share of the cohorts that wait, then its time."""
    for cohort in chain.waiting():
        here = partitions_of(cohort.sirens, partitions) == partition
        share = cohort.rows(here)
        yield from pack.cohort_records(share)
    yield pack.clock_record(chain.time)


def _empty_partitions(cluster: Cluster) -> int:
    """The number of partitions of vigie.events, on a cluster that has neither state nor model."""
    with reader(cluster) as consumer:
        numbers = topic_partitions(consumer, EVENTS)
        for topic in (CHANGELOG, MODELS):
            places = topic_partitions(consumer, topic)
            if not places or not numbers:
                raise StreamsError(f"topic {topic} does not exist: create the topics with `vigie topics create`")
            held = consumer.end_offsets(places)
            if any(held.values()):
                raise StreamsError(
                    f"{topic} is not empty: a worker has been at work, and seeding would mix two states. Stop "
                    f"the workers and give --replace, which deletes and makes anew the topics {CHANGELOG} and {MODELS}"
                )
    return len(numbers)


def _put(stream: BinaryIO, item: Header | pack.Record) -> None:
    data = msgspec.msgpack.encode(item)
    stream.write(_LENGTH.pack(len(data)) + data)


def _take(stream: BinaryIO) -> bytes:
    """The next record; nothing at the end. Raises struct.error where the file ends in the middle of one."""
    head = stream.read(_LENGTH.size)
    if not head:
        return b""
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise struct.error("the file ends in the middle of a record")
    return data


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)
