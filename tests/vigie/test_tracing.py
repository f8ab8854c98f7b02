"""Where traces go: to a collector if one is named, and nowhere else; one that is away costs no more than their loss."""

import sys
import time

import pytest

from detectors.errors import UnusableInput
from tests.alerts.server import free_port
from tests.collector import collecting
from vigie.tracing import LONGEST_SECONDS, tracing


def test_spans_arrive_at_the_latest_when_the_program_ends() -> None:
    with collecting() as collector:
        with tracing(collector.url, "vigie-test") as traces:
            assert traces is not None
            traces.sent("vigie.events", 3)
        ((service, span),) = collector.spans
        assert (service, span.name) == ("vigie-test", "send vigie.events")


def test_without_an_address_there_are_none() -> None:
    with tracing(None, "vigie-test") as traces:
        assert traces is None


def test_a_collector_that_is_away_holds_nobody_up() -> None:
    began = time.monotonic()
    with tracing(f"http://127.0.0.1:{free_port()}/v1/traces", "vigie-test") as traces:
        assert traces is not None
        traces.sent("vigie.events", 3)
    assert time.monotonic() - began < 4 * LONGEST_SECONDS


def test_what_cannot_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnusableInput, match="write an address"), tracing("collector:4318", "vigie-test"):
        pass
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UnusableInput, match=r"vigie\[tracing\]"), tracing("http://collector", "vigie-test"):
        pass
