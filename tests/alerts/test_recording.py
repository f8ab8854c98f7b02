"""What people do is in the log under their name and their way, before anything else is said."""

import pytest
import redis

from alerts import audit
from alerts.actions import Actor, Take
from alerts.errors import RedisUnavailable
from alerts.recording import Recorder, case_named, departments_named
from alerts.routing import QUEUES
from alerts.scope import Person
from tests.alerts.console import site
from tests.alerts.making import NOW, live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port

MARTIN = Person("a.martin", ("21",), acts=True)


def test_actions_at_a_persons_desk_are_recorded(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live())
    recorder = Recorder(client, "api", where="here", clock=lambda: NOW)
    recorder.record(MARTIN, "case.list", departments_named(("21", "71")), "refused", "why")
    recorder.desk(MARTIN).act("21", "123456789", Take(), Actor("a.martin"))
    entries = [audit.decode(item.entry) for item in audit.stored(client, where="here")]
    assert [(one.actor, one.action, one.object, one.outcome, one.detail) for one in entries] == [
        ("a.martin@api", "case.list", "departments:21,71", "refused", "why"),
        ("a.martin@api", "case.take", case_named("21", "123456789"), "done", "version 2"),
    ]
    assert departments_named(QUEUES) == "departments:all"


def test_what_the_log_does_not_take_is_told() -> None:
    with redis.Redis(port=free_port()) as nobody, pytest.raises(RedisUnavailable):
        Recorder(nobody, "console", where="here").record(MARTIN, "case.list", "departments:all")
