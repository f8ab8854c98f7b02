"""Each administration is handed what its rule wants, at least once, by whichever of its programs."""

import itertools
import time
from collections.abc import Iterator

import pytest
import redis

from alerts.administrations import Handed, Rule, handed, rules
from alerts.routing import actions_key
from detectors.errors import UnusableInput
from tests.alerts.making import evidence, live
from tests.alerts.publishing import Bench
from tests.alerts.test_desk import put

RULES = """
[urssaf]
tiers = ["strong"]
least_debt_euros = 10000
departments = ["21", "75"]

[bdf]
notices = ["push", "digest"]
"""


def handing(client: redis.Redis, name: str, consumer: str = "one", turns: int = 2) -> Iterator[Handed]:
    left = iter([False] * turns + [True])
    return handed(
        client,
        name,
        rules(RULES, "rules.toml")[name],
        consumer,
        where="here",
        waits=lambda: itertools.repeat(0.02),
        sleep=time.sleep,
        block_ms=20,
        stopped=lambda: next(left),
    )


def test_each_is_handed_what_its_rule_wants_once_it_has_joined(client: redis.Redis, bench: Bench) -> None:
    assert list(handing(client, "urssaf")) == []
    assert list(handing(client, "bdf")) == []
    poor, rich = (evidence(debt_employer_euros=euros, schedule_running=0.0) for euros in (500.0, 50_000.0))
    put(
        client,
        bench.metrics,
        live(0, siren="1" * 9, evidence=rich),
        live(1, siren="2" * 9, evidence=poor),
        live(2, siren="3" * 9, evidence=rich, department="33"),
        live(3, siren="4" * 9, evidence=evidence(schedule_running=1.0)),
    )
    assert [item.case.siren[0] for item in handing(client, "urssaf")] == ["1"]
    assert list(handing(client, "urssaf", "two")) == []
    assert sorted(item.case.siren[0] for item in handing(client, "bdf")) == ["1", "2", "3", "4"]


def test_what_was_not_finished_is_handed_again_to_the_same_program(client: redis.Redis, bench: Bench) -> None:
    list(handing(client, "bdf"))
    put(client, bench.metrics, live(0, siren="1" * 9), live(1, siren="2" * 9))
    assert next(handing(client, "bdf")).case.siren == "1" * 9
    assert [item.case.siren[0] for item in handing(client, "bdf", turns=3)] == ["1", "2"]
    assert client.xpending(actions_key("21"), "bdf")["pending"] == 0


@pytest.mark.parametrize("text", ["[a", "[a]\ntier = 1", "[a]\nnotices = ['loud']", "[a]\ndepartments = ['99']"])
def test_wrong_rules_are_told(text: str) -> None:
    with pytest.raises(UnusableInput, match=r"rules\.toml"):
        rules(text, "rules.toml")
    assert rules("[a]", "x") == {"a": Rule()}
