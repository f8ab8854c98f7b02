"""Sessions on a real server, of two consoles side by side."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
import redis

from alerts.console.app import COOKIE, application
from alerts.console.people import People, Person
from alerts.console.sessions import ID_BYTES, Sessions, end, listed
from alerts.routing import SESSIONS_KEY, session_key
from detectors.errors import UnusableInput
from tests.alerts.console import site
from tests.alerts.console.site import Browser, Clock
from tests.alerts.console.test_feed import feeding
from tests.alerts.publishing import Bench

MARTIN = Person("a.martin", ("21",), True)


def sessions(client: redis.Redis, clock: Clock | None = None, **changes: object) -> Sessions:
    options = {"where": "here", "idle_seconds": 1800.0, "longest_seconds": 28800.0, **changes}
    return Sessions(client, clock or Clock(), **options)  # type: ignore[arg-type]


def test_two_consoles_share_them_and_a_restart_keeps_them(client: redis.Redis) -> None:
    one, other = (application(site.settings(client)) for _ in range(2))
    browser = Browser(one).log_in("a.martin")
    elsewhere = Browser(other)
    elsewhere.http.cookies.set(COOKIE, browser.http.cookies[COOKIE])
    assert elsewhere.get("/?lang=en").status_code == 200
    assert '<html lang="en">' in browser.get("/").text, "the language was chosen on the other one"


def test_redis_holds_no_id_and_forgets_by_itself(client: redis.Redis) -> None:
    begun = sessions(client).begin(MARTIN)
    key = session_key(hashlib.sha256(begun.id.encode()).hexdigest())
    assert len(begun.id) * 6 >= ID_BYTES * 8 >= 128
    for name in client.scan_iter("vigie:console:*"):
        assert begun.id.encode() not in name
        held = [client.get(name)] if client.type(name) == b"string" else client.zrange(name, 0, -1)
        assert begun.id not in str(held)
    assert 0 < client.pttl(key) <= 1_800_000
    assert sessions(client).begin(MARTIN).id != begun.id
    old = sessions(client, idle_seconds=7200.0, longest_seconds=60.0).begin(MARTIN)
    assert client.pttl(session_key(hashlib.sha256(old.id.encode()).hexdigest())) <= 60_000


def test_one_that_was_ended_does_not_come_back(client: redis.Redis) -> None:
    open_ = sessions(client)
    begun = open_.begin(MARTIN)
    used = open_.used(begun.id)
    assert used is not None
    end(client, [item.mark for item in listed(client, where="here")], where="here")
    assert not open_.keep(used), "a request that was under way"
    assert open_.used(begun.id) is None
    assert (listed(client, where="here"), client.zcard(SESSIONS_KEY)) == ([], 0)
    for nobody in ("", "guessed", begun.id + "x"):
        assert open_.used(nobody) is None
        open_.end(nobody)


def test_what_a_person_may_is_looked_up_each_time(client: redis.Redis) -> None:
    now: dict[str, Person] = {"a.martin": MARTIN}
    open_ = sessions(client, current=lambda person: now.get(person.name))
    begun = open_.begin(MARTIN)
    assert open_.lasts(begun)
    now["a.martin"] = MARTIN._replace(queues=("71",))
    found = open_.used(begun.id)
    assert found is not None
    assert found.person.queues == ("71",)
    assert (open_.lasts(begun), open_.lasts(found)) == (False, True), "a stream of other rights ends"
    now.clear()
    assert open_.used(begun.id) is None


def test_a_session_of_another_version_is_over(client: redis.Redis) -> None:
    open_ = sessions(client)
    begun = open_.begin(MARTIN)
    client.set(session_key(hashlib.sha256(begun.id.encode()).hexdigest()), '{"person": 1}')
    assert open_.used(begun.id) is None
    assert listed(client, where="here") == []


def test_a_revoked_session_ends_its_stream_within_five_seconds(client: redis.Redis, bench: Bench) -> None:
    open_ = sessions(client)
    begun = open_.begin(MARTIN)

    async def run() -> float:
        async with feeding(client) as feed:
            stream = feed.follow({"21": "0-0"}, lambda: open_.lasts(begun))
            await anext(stream)
            going_on = asyncio.ensure_future(anext(stream, None))
            await asyncio.sleep(0.2)
            assert not going_on.done(), "it waits for what happens"
            open_.end(begun.id)
            ended = asyncio.get_running_loop().time()
            while await going_on is not None:
                going_on = asyncio.ensure_future(anext(stream, None))
            return asyncio.get_running_loop().time() - ended

    assert asyncio.run(run()) < 5


class TestPeople:
    FILE = '[users.{name}]\nrole = "agent"\ndepartments = ["21"]\n'

    def write(self, path: Path, text: str, version: int) -> None:
        path.write_text(text)
        os.utime(path, ns=(version, version))

    def test_the_file_is_read_again_when_it_has_changed(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path = tmp_path / "clearances.toml"
        self.write(path, self.FILE.format(name="martin"), 1)
        known = People(path)
        martin = known["martin"]
        self.write(path, self.FILE.format(name="durand"), 2)
        assert (list(known), known.current(martin)) == (["durand"], None)
        self.write(path, "[users.martin]\nrole = 'wizard'\n", 3)
        assert list(known) == ["durand"]
        assert len(known) == 1
        assert caplog.text.count("wizard") == 1, "told once"
        path.unlink()
        assert list(known) == ["durand"], "a file that is being written anew gives and takes nothing"

    def test_nobody_to_log_in_is_no_start(self, tmp_path: Path) -> None:
        path = tmp_path / "clearances.toml"
        self.write(path, '[users.worker]\nrole = "dispatcher"\n', 1)
        with pytest.raises(UnusableInput, match="nobody"):
            People(path)
