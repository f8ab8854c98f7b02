from fnmatch import fnmatchcase

import pytest

from alerts.departments import NAMES
from alerts.routing import (
    QUEUES,
    actions_key,
    case_key,
    cases_key,
    desk_key,
    patterns,
    queue_of,
    seen_key,
    stream_key,
    totals_key,
    trail_key,
)


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
    keys = [name("21") for name in (seen_key, totals_key, cases_key, actions_key, desk_key)]
    keys += [case_key("21", "123456789"), trail_key("21", "123456789")]
    for key in keys:
        assert key[key.index("{") + 1 : key.index("}")] == stream


def test_the_patterns_of_a_queue_match_its_own_keys_and_no_other_s() -> None:
    def keys(queue: str) -> list[str]:
        named = [name(queue) for name in (stream_key, seen_key, totals_key, cases_key, actions_key, desk_key)]
        return [*named, case_key(queue, "123456789"), trail_key(queue, "123456789")]

    for queue in QUEUES:
        assert all(any(fnmatchcase(key, pattern) for pattern in patterns(queue)) for key in keys(queue))
    others = [key for queue in QUEUES if queue != "21" for key in keys(queue)]
    assert not [key for key in others for pattern in patterns("21") if fnmatchcase(key, pattern)]
