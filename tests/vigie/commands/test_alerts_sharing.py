import json

import pytest
import redis

from alerts.groups import Member, read, sweep
from tests.alerts.publishing import Bench
from tests.alerts.samples import many
from vigie.__main__ import main


@pytest.fixture
def bench(redis_client: redis.Redis, valkey: object, monkeypatch: pytest.MonkeyPatch) -> Bench:
    url: str = valkey.url  # type: ignore[attr-defined]
    monkeypatch.setenv("VIGIE_REDIS", url)
    return Bench(url)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["alerts", *arguments])
    return status, *capsys.readouterr()


def test_groups_are_made_shown_and_ended(
    bench: Bench, redis_client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.publish(many(3, ("21",)))
    twice = ("groups", "join", "urssaf", "--department", "21", "--department", "2A")
    assert run(capsys, *twice) == (0, "", "2 made, 0 there already\n")
    assert run(capsys, *twice) == (0, "", "0 made, 2 there already\n")
    read(Member(redis_client, "21", "urssaf", "a", "here"), count=2)
    status, out, _ = run(capsys, "groups", "list", "--department", "21", "--json")
    assert status == 0
    shown = json.loads(out)
    assert (shown["administration"], shown["pending"], shown["waiting"]) == ("urssaf", 2, 1)
    _, out, _ = run(capsys, "groups", "list")
    second, first = out.splitlines()
    assert first.startswith("21 urssaf: 2 pending, the oldest of 20")
    assert second == "2A urssaf: 0 pending; 0 not given yet; 0 consumers, read up to nothing"
    assert run(capsys, "groups", "leave", "urssaf")[0] == 2
    assert run(capsys, "groups", "leave", "urssaf", "--department", "21") == (0, "", "1 ended, 0 not there\n")
    assert run(capsys, "groups", "join", "URSSAF")[0] == 2


def test_what_was_set_aside_is_shown_given_back_and_dropped(
    bench: Bench, redis_client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.publish(many(3, ("21",)))
    run(capsys, "groups", "join", "urssaf", "--department", "21")
    member = Member(redis_client, "21", "urssaf", "a\x1b[2J", "here")
    items = read(member)
    assert sweep(member, stuck_seconds=0, most_deliveries=1).set_aside == 3
    _, out, _ = run(capsys, "stuck", "list")
    assert out.count("urssaf: delivered 1 times, last to a") == 3
    _, lines, _ = run(capsys, "stuck", "list", "--json")
    assert "\x1b" not in out + lines
    found = [json.loads(line) for line in lines.splitlines()]
    assert [item["entry"] for item in found] == [item.entry for item in items]
    assert run(capsys, "stuck", "replay", found[0]["id"]) == (0, f"21 {found[0]['id']} replayed\n", "")
    assert sweep(member).claimed == items[:1]
    assert run(capsys, "stuck", "drop")[0] == 2
    assert run(capsys, "stuck", "drop", found[0]["id"])[0] == 2
    assert run(capsys, "stuck", "drop", found[1]["id"]) == (0, "", "1 dropped\n")
    redis_client.xtrim("vigie:alerts:21", maxlen=0, approximate=False)
    status, out, _ = run(capsys, "stuck", "replay")
    assert (status, out) == (1, f"21 {found[2]['id']} trimmed\n")
    assert run(capsys, "stuck", "drop", "--all") == (0, "", "1 dropped\n")
