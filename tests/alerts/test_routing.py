import pytest

from alerts.departments import NAMES
from alerts.routing import QUEUES, queue_of, seen_key, stream_key, totals_key


def test_every_department_has_its_queue() -> None:
    assert len(NAMES) == 109
    assert {"2A", "2B", "01", "95", "971", "976"} <= set(NAMES)
    assert all(queue_of(code) == code for code in NAMES)
    assert len(QUEUES) == len(NAMES) + 1


@pytest.mark.parametrize("code", [None, "", "1", "20", "2a", "99", "021", "21 ", "*", "unknown", "21}"])
def test_what_is_no_department_goes_to_unknown(code: str | None) -> None:
    assert queue_of(code) == "unknown"


def test_the_keys_of_a_queue_share_a_cluster_slot() -> None:
    stream = stream_key("21")
    assert stream == "vigie:alerts:21"
    for key in (seen_key("21"), totals_key("21")):
        assert key[key.index("{") + 1 : key.index("}")] == stream
