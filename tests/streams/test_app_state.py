"""How an app stands."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.app_state import steps


@pytest.mark.parametrize(
    ("started", "offsets", "expected"),
    [(False, {}, (0, 0)), (True, None, (7, 0)), (True, {"a": None, "b": 3}, (7, 3)), (True, {"a": 2, "b": 3}, (7, 5))],
)
def test_steps_are_told_before_anything_of_a_partition_is_known(
    started: bool, offsets: dict[str, int | None] | None, expected: tuple[int, int]
) -> None:
    app: Any = SimpleNamespace(
        started=started,
        consumer_generation_id=7,
        tables=SimpleNamespace(recovery=SimpleNamespace(active_offsets=offsets)),
    )
    assert steps(app) == expected
