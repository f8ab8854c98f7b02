"""What agents did outlives Redis."""

import msgspec
import pytest
import redis

from alerts.actions import Action, Actor, CastVote, Close, Follow, Snooze, Take, Withdraw
from alerts.alert import encode
from alerts.archive import restore, save
from alerts.cases import Case
from alerts.desk import Desk
from alerts.listing import Query, everything
from detectors.errors import UnusableInput
from tests.alerts.making import NOW, live, lowered
from tests.alerts.publishing import Bench

MARTIN = Actor("a.martin")


def seen(desk: Desk) -> dict[str, Case]:
    """The cases, but for their versions: these grow by the alerts that are passed over as well."""
    cases = desk.listed(everything(Query())).cases
    return {case.siren: msgspec.structs.replace(case, version=0) for case in cases}


def test_the_same_cases_after_redis_was_lost(client: redis.Redis, bench: Bench) -> None:
    desk = Desk(client, where="here", clock=lambda: NOW)
    firms = [f"{n:09d}" for n in range(6)]
    first = [live(n, siren=firm, id=f"first-{firm}") for n, firm in enumerate(firms)]
    more = [live(10 + n, siren=firm, id=f"more-{firm}", kind="jump", probability=0.9) for n, firm in enumerate(firms)]
    last = [lowered(20, siren=firms[5], id="last-5"), live(21, siren=firms[0], id="last-0")]
    batch = [encode(alert) for alert in (*first, *more, *last)]
    bench.publish(batch[:6])
    lives: list[list[Action]] = [[Take(), Close("ok")], [Follow()], [Snooze("x")], [Withdraw(3)], [CastVote(True)], []]
    for firm, actions in zip(firms, lives, strict=True):
        for action in actions:
            desk.act("21", firm, action, MARTIN)
    bench.publish(batch[6:])
    desk.act("21", firms[1], Close("refus"), MARTIN)
    before, counts = seen(desk), desk.counts()
    told = {firm: [entry.action for entry in desk.history("21", firm)] for firm in firms}
    lines = list(save(client, where="here"))

    client.flushdb()
    assert restore(client, lines, where="here") == 5
    assert restore(client, lines, where="here") == 0
    bench.publish(batch[:9])
    bench.publish(batch)
    assert seen(desk) == before
    assert {firm: [entry.action for entry in desk.history("21", firm)] for firm in firms} == told
    assert {name: count for name, count in desk.counts().items() if count} == counts
    assert [item.alert.id for item in desk.alerts("21", firms[1])] == [f"first-{firms[1]}", f"more-{firms[1]}"]
    assert desk.get("21", firms[0]).previous is not None
    desk.act("21", firms[0], Take(), MARTIN)


def test_a_file_of_another_kind_is_refused(client: redis.Redis) -> None:
    with pytest.raises(UnusableInput, match="line 1 was not written by"):
        restore(client, [b"siren;name"], where="here")
