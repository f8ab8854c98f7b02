import pytest

from streams.wire import onward, sent_ms


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        ([("type", b"firm"), ("sent_ms", b"1700000000000")], 1_700_000_000_000),
        ([("sent_ms", b"soon"), ("sent_ms", b"5"), ("sent_ms", b"6")], 5),
        ([("sent_ms", None)], None),
        ([("sent_ms", b"")], None),
        ([("sent_ms", b"-1")], None),
        ([("sent_ms", "٣".encode())], None),
        # Python reads no number of more than some thousand digits, and makes no float of one of hundreds.
        ([("sent_ms", b"9" * 400)], None),
        ([("sent_ms", b"9" * 5_000)], None),
    ],
)
def test_only_a_time_is_believed(headers: list[tuple[str, bytes | None]], expected: int | None) -> None:
    assert sent_ms(headers) == expected


def test_an_alert_carries_of_its_events_headers_what_it_should() -> None:
    trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert onward([("type", b"firm"), ("traceparent", trace), ("sent_ms", b"5")]) == [
        ("sent_ms", b"5"),
        ("traceparent", trace),
    ]
    assert onward([("traceparent", trace.upper()), ("traceparent", trace[:-1])]) == []
