"""Spans as they are made, of records that carry places in traces and of such that do not."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from alerts.alert import encode
from streams import wire
from streams.outbox import Outgoing
from streams.topics import ALERTS, CHANGELOG, EVENTS
from streams.traces import MOST_LINKS, Traces
from tests.alerts.samples import an_alert

CARRIED = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Record(NamedTuple):
    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Made:
    """Traces, and the spans that came of them, the first one that ended first."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.traces = Traces(self._provider.get_tracer("test"))

    @property
    def spans(self) -> Any:
        return self.exporter.get_finished_spans()


def parent_of(span: Any) -> str | None:
    return None if span.parent is None else f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}"


def named(span: Any) -> str:
    return f"{span.context.trace_id:032x}-{span.context.span_id:016x}"


def test_an_alert_goes_on_in_its_events_trace_to_its_queue() -> None:
    made = Made()
    event = made.traces.sent(EVENTS, 300)
    alert = encode(an_alert(siren="987000321"))
    outgoing = Outgoing(b"1", alert, wire.onward([("sent_ms", b"7"), ("traceparent", event)]))
    (marked,) = made.traces.marked(ALERTS, [outgoing])
    assert marked.headers[0] == ("sent_ms", b"7")
    record = Record(9, marked.value, marked.headers)

    async def work(partition: int, records: Sequence[Any]) -> None:
        assert (partition, records) == (2, [record])

    asyncio.run(made.traces.working("deliver", ALERTS, work)(2, [record]))
    sent, of_alert, delivered, batch = made.spans
    assert (sent.name, of_alert.name) == ("send vigie.events", "send vigie.alerts")
    assert event.decode().rpartition("-")[0] == f"00-{named(sent)}"
    assert (parent_of(sent), parent_of(of_alert), parent_of(delivered)) == (None, named(sent), named(of_alert))
    assert (batch.name, batch.attributes["messaging.batch.message_count"]) == ("deliver vigie.alerts", 1)
    assert [named(link) for link in batch.links] == [named(of_alert)]
    assert [named(link) for link in delivered.links] == [named(batch)]
    assert delivered.attributes["vigie.alert.id"] == of_alert.attributes["vigie.alert.id"] == an_alert().id
    assert delivered.start_time >= batch.start_time
    assert "987000321" not in str([span.to_json() for span in made.spans])


def test_a_batch_is_linked_to_each_trace_of_its_records_once_and_not_to_all_of_many() -> None:
    made = Made()

    async def work(partition: int, records: Sequence[Any]) -> None:
        pass

    other = CARRIED.replace(b"b7", b"c8")
    headers: list[list[tuple[str, bytes | None]]] = [
        [], [("traceparent", CARRIED)], [("traceparent", b"nonsense")], [("traceparent", None)],
        [("traceparent", CARRIED)], [("type", b"clock"), ("traceparent", other)],
    ]  # fmt: skip
    asyncio.run(made.traces.working("score", EVENTS, work)(0, [Record(0, b"", found) for found in headers]))
    (batch,) = made.spans
    assert [f"00-{named(link)}-01".encode() for link in batch.links] == [CARRIED, other]
    many = [Record(0, b"", [("traceparent", CARRIED.replace(b"b7ad", b"%04d" % n))]) for n in range(1, 99)]
    asyncio.run(made.traces.working("score", EVENTS, work)(0, many))
    assert len(made.spans[-1].links) == MOST_LINKS


def test_a_failure_is_on_the_batchs_span_and_no_alert_counts_as_delivered() -> None:
    made = Made()

    async def work(partition: int, records: Sequence[Any]) -> None:
        raise RuntimeError("no Redis")

    with pytest.raises(RuntimeError):
        asyncio.run(made.traces.working("deliver", ALERTS, work)(0, [Record(0, b"", [("traceparent", CARRIED)])]))
    (batch,) = made.spans
    assert not batch.status.is_ok
    assert "no Redis" in batch.status.description


def test_state_has_no_spans_and_what_is_no_alert_has_no_name() -> None:
    made = Made()
    assert made.traces.marked(CHANGELOG, [Outgoing(b"1", b"x")]) == [Outgoing(b"1", b"x")]
    assert made.spans == ()
    made.traces.marked(ALERTS, [Outgoing(b"1", b"[" * 100_000)])
    assert "vigie.alert.id" not in made.spans[0].attributes


@given(st.lists(st.tuples(st.sampled_from(["sent_ms", "traceparent", "x"]), st.none() | st.binary(max_size=60))))
def test_whatever_clients_write_goes_on_only_if_it_is_well_formed(headers: list[tuple[str, bytes | None]]) -> None:
    for name, value in wire.onward([*headers, ("traceparent", CARRIED), ("sent_ms", b"7")]):
        assert name in ("sent_ms", "traceparent")
        assert value.isdigit() if name == "sent_ms" else value.startswith(b"00-")
    assert wire.traceparent([("traceparent", b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01")]) is None
