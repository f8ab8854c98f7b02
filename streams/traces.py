"""Traces from events to alerts: spans by OpenTelemetry, told onward in the header `traceparent` (W3C) of records.

    send     a span for the events that `vigie ingest` sends together; every one of them carries it
    score    a span a batch, linked to what its events carry
    send     a span an alert, under what its event carries; the alert's record carries it
    deliver  a span a batch of alerts, linked, and one an alert, under what its record carries

So an alert's trace goes from its event's sending to its queue, and no event costs a span. Nothing of a firm is in one:
records are named by their places, alerts by their ids. Only who asks for traces imports this module.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import msgspec
from opentelemetry.propagate import extract
from opentelemetry.trace import Link, Span, SpanKind, Tracer, format_span_id, format_trace_id, get_current_span

from streams import wire
from streams.apps import HandlePartition
from streams.outbox import Outgoing
from streams.topics import ALERTS, EVENTS

MOST_LINKS = 64
"""Of a batch: more say nothing more."""
_TRACED = (EVENTS, ALERTS)


class _Named(msgspec.Struct):
    id: str


_named = msgspec.json.Decoder(_Named)


class Traces:
    """The spans of one process, by the tracer given."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def sent(self, topic: str, records: int, parent: str | None = None, **about: str) -> bytes:
        """A span of records being sent; what they carry of it."""
        attributes = {"messaging.batch.message_count": records, **_of(topic), **about}
        span = self._begin(f"send {topic}", SpanKind.PRODUCER, parent, attributes)
        span.end()
        return _carried(span)

    def marked(self, topic: str, records: Iterable[Outgoing]) -> list[Outgoing]:
        """The records, each of an event or an alert with a span of its own, under what it carries already."""
        return [self._marked(topic, record) if topic in _TRACED else record for record in records]

    def _marked(self, topic: str, record: Outgoing) -> Outgoing:
        about = {"vigie.alert.id": name} if topic == ALERTS and (name := _id(record.value)) else {}
        carried = self.sent(topic, 1, wire.traceparent(record.headers), **about)
        others = [header for header in record.headers if header[0] != wire.TRACE_HEADER]
        return record._replace(headers=[*others, (wire.TRACE_HEADER, carried)])

    def working(self, what: str, topic: str, work: HandlePartition) -> HandlePartition:
        """The same work, each batch in a span; alerts that were delivered have one each besides."""
        return partial(self._work, what, topic, work)

    async def _work(self, what: str, topic: str, work: HandlePartition, partition: int, records: Sequence[Any]) -> None:
        with self._batch(what, topic, partition, records) as span:
            began = time.time_ns()
            await work(partition, records)
            if topic == ALERTS:
                for record in records:
                    self._delivered(record, partition, began, span)

    @contextmanager
    def _batch(self, what: str, topic: str, partition: int, records: Sequence[Any]) -> Iterator[Span]:
        carried = dict.fromkeys(filter(None, (wire.traceparent(record.headers) for record in records)))
        links = [Link(_context(parent)) for parent in islice(carried, MOST_LINKS)]
        attributes = {"messaging.batch.message_count": len(records), **_of(topic, partition)}
        name = f"{what} {topic}"
        with self._tracer.start_as_current_span(name, kind=SpanKind.CONSUMER, links=links, attributes=attributes) as s:
            yield s

    def _delivered(self, record: Any, partition: int, began: int, batch: Span) -> None:
        parent = wire.traceparent(record.headers)
        if parent is None:
            return
        attributes = {**_of(ALERTS, partition), "messaging.kafka.offset": record.offset}
        if name := _id(record.value):
            attributes["vigie.alert.id"] = name
        links = [Link(batch.get_span_context())]
        span = self._begin("deliver an alert", SpanKind.CONSUMER, parent, attributes, links, began)
        span.end()

    def _begin(
        self,
        name: str,
        kind: SpanKind,
        parent: str | None,
        attributes: dict[str, Any],
        links: Sequence[Link] = (),
        began: int | None = None,
    ) -> Span:
        context = extract({wire.TRACE_HEADER: parent} if parent else {})
        return self._tracer.start_span(name, context, kind, attributes, links, began)


def _of(topic: str, partition: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"messaging.system": "kafka", "messaging.destination.name": topic}
    return found if partition is None else {**found, "messaging.destination.partition.id": str(partition)}


def _context(parent: str) -> Any:
    return get_current_span(extract({wire.TRACE_HEADER: parent})).get_span_context()


def _carried(span: Span) -> bytes:
    context = span.get_span_context()
    flags = int(context.trace_flags)
    return f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-{flags:02x}".encode()


def _id(value: bytes | None) -> str | None:
    try:
        return _named.decode(value or b"").id
    except (msgspec.DecodeError, RecursionError):
        return None
