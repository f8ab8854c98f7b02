"""Scope: the whole table."""

from pathlib import Path

import pytest

from alerts import clearance
from alerts.console.people import OutOfScope, people, within

CLEARANCES = """
[groups.region]
role = "agent"
regions = ["Bourgogne-Franche-Comté"]
[users.agent]
groups = ["region"]
[users.reader]
role = "reader"
departments = ["21"]
[users.worker]
role = "dispatcher"
"""


def test_scope(tmp_path: Path) -> None:
    path = tmp_path / "clearances.toml"
    path.write_text(CLEARANCES)
    found = people(clearance.read(path))
    assert set(found) == {"agent", "reader"}, "who sees no department cannot log in"
    for name, departments, to_act, allowed in (
        ("agent", (), False, True),
        ("agent", (), True, True),
        ("agent", ("21",), True, True),
        ("agent", ("21", "71"), False, True),
        ("agent", ("35",), False, False),
        ("agent", ("21", "35"), False, False),
        ("reader", ("21",), False, True),
        ("reader", (), False, True),
        ("reader", ("21",), True, False),
        ("reader", ("71",), False, False),
        ("reader", ("71",), True, False),
        ("reader", ("unknown",), False, False),
        ("reader", ("",), False, False),
    ):
        person = found[name]
        if allowed:
            assert within(person, departments, to_act=to_act) == (departments or person.queues)
        else:
            with pytest.raises(OutOfScope):
                within(person, departments, to_act=to_act)
