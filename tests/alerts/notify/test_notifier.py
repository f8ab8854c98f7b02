"""Notifications on a real Redis-protocol server, to real endpoints."""

import itertools
import logging
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from alerts.actions import Actor, Take
from alerts.alert import Alert, encode
from alerts.connect import connect
from alerts.desk import Desk
from alerts.erasure import erase
from alerts.notices import NoticeOptions
from alerts.notify import running
from alerts.notify.delivery import Outlet, Undelivered
from alerts.notify.lease import Lease, LeaseLost, lease_key
from alerts.notify.ledger import Ledger, keys
from alerts.notify.mailer import Mailer
from alerts.notify.message import Body, Message
from alerts.notify.notifier import Notifier, Stopped
from alerts.notify.options import NotifyOptions
from alerts.notify.subscriptions import Subscription
from alerts.notify.webhook import Webhook, why_not
from alerts.options import AlertsOptions
from alerts.publish import publish
from alerts.routing import QUEUES, actions_key
from alerts.scope import Person
from detectors.errors import UnusableInput
from tests.alerts.making import NOW, live
from tests.alerts.notify.endpoints import Endpoint, endpoint, mail_server
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port
from tests.certificates import made_certificate

DOCS = Path(__file__).parents[3] / "docs"
SECRET = b"0123456789abcdef0123456789abcdef"
HOOK = Subscription(
    owner="users.a.martin",
    kind="webhook",
    departments=("21", "75"),
    url="http://127.0.0.1:1/",
    secret_file="-",
    per_hour=4,
)
MAIL = Subscription(
    owner="users.a.martin", kind="mail", departments=("21",), to=("veille@ddets.example", "codefi@ddfip.example")
)
MARTIN = Person("a.martin", QUEUES, acts=True)
OPTIONS = NotifyOptions(mail_from="vigie@ddets.example", smtp_host="127.0.0.1", console_url="https://vigie.example/")


class Clock:
    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


class Telling:
    """A notifier on a clock that is moved by hand; its pauses move it too."""

    def __init__(self, client: redis.Redis, bench: Bench, name: str, subscription: Subscription, outlet: Any) -> None:
        self.clock: Clock = outlet.clock if isinstance(outlet, Refusing) else Clock()
        self.pauses: list[float] = []
        self.stopped = False
        self.owner: Person | None = MARTIN
        # The one before was not stopped: as after a kill, its lease goes by itself.
        client.delete(lease_key(name))
        self.lease = Lease(client, name, lambda: 0.0, where="here")
        assert self.lease.take()
        self.made = Notifier(
            name,
            subscription,
            outlet,
            Desk(client, where="here", clock=lambda: NOW),
            Ledger(client, name, subscription.per_hour, self.lease, where="here"),
            self.lease,
            owner=lambda: self.owner,
            metrics=bench.metrics,
            clock=self.clock,
            waits=lambda: iter([1.0, 2.0, *itertools.repeat(4.0, 10_000)]),
            sleep=self._sleep,
            stopped=lambda: self.stopped,
            give_up_seconds=3600,
            block_ms=1,
        )
        self.made.turn()  # its first: what comes from now on is told

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.now += seconds

    def later(self, minutes: float) -> None:
        self.clock.now += minutes * 60
        self.made.turn()


class Refusing:
    """An endpoint that is away: it never takes anything."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tried: list[str] = []

    def send(self, message: Message) -> None:
        self.tried.append(message.id)
        raise Undelivered("away")


def hook(at: Endpoint, subscription: Subscription = HOOK) -> Webhook:
    return Webhook(
        "desk",
        msgspec.structs.replace(subscription, url=at.url),
        (SECRET,),
        "https://vigie.example",
        timeout_seconds=5,
        trusted=ssl.create_default_context(),
        clock=lambda: NOW.timestamp(),
    )


def put(client: redis.Redis, bench: Bench, *alerts: Alert, budget: int = 200, notify: bool = True) -> None:
    publish(
        client,
        [encode(alert) for alert in alerts],
        where="here",
        metrics=bench.metrics,
        clock=lambda: NOW.timestamp(),
        notices=NoticeOptions(alert_budget=budget),
        notify=notify,
    )


def firms(count: int, first: int = 0) -> list[Alert]:
    """As many alerts of as many firms, all raised now."""
    return [
        live(id=f"a-{n}", siren=f"{n:09d}", raised_at=NOW, as_of=(NOW - timedelta(days=1)).date())
        for n in range(first, first + count)
    ]


def bodies(at: Endpoint) -> list[Body]:
    return [msgspec.json.decode(one.body, type=Body) for one in at.received]


@pytest.fixture(scope="module")
def web() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


@pytest.fixture
def at(web: Endpoint) -> Endpoint:
    web.received.clear()
    web.answer = lambda _: 204
    return web


def test_an_alert_goes_at_once_and_once(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    put(client, bench, *firms(1, first=90))
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, live(raised_at=NOW), live(siren="2" * 9, id="x", department="13", raised_at=NOW))
    told.made.turn()
    told.made.turn()
    [request], [body] = at.received, bodies(at)
    assert request.path == "/vigie?token=t0ken"
    assert request.headers["Vigie-Id"] == body.id
    assert (body.type, body.count, body.held, body.subscription) == ("alert", 1, {}, "desk")
    [said] = body.notifications
    assert (said.siren, said.tier, said.event, said.state, said.alert) == (
        "123456789",
        "strong",
        "opened",
        "new",
        "alert-0",
    )
    assert said.reasons == ["La dette sociale accroît le risque."]
    assert said.page == "https://vigie.example/firms/21/123456789"
    assert bench.value("vigie_notifications_total", kind="webhook", result="sent") == 1
    Telling(client, bench, "desk", HOOK, hook(at)).made.turn()
    assert len(at.received) == 1, "another start goes on where it was"


def test_what_agents_do_and_what_is_no_worse_tells_nobody(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, live(raised_at=NOW), live(id="again", raised_at=NOW, kind="jump", probability=0.2))
    Desk(client, where="here", clock=lambda: NOW).act("21", "123456789", Take(), Actor("a.martin"))
    told.later(0)
    told.later(120)
    assert [body.type for body in bodies(at)] == ["alert"]


def test_replays_rebuilds_and_backfills_tell_nobody(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, *firms(3), notify=False)
    put(client, bench, live(id="old", siren="3" * 9, raised_at=NOW, as_of=(NOW - timedelta(days=400)).date()))
    told.later(0)
    told.later(120)
    assert len(client.xrange(actions_key("21"))) == 4  # type: ignore[arg-type] # a synchronous client
    assert at.received == []


def test_beyond_the_cap_one_digest_says_how_many_and_why(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, *firms(7), budget=5)
    told.later(0)
    assert [body.type for body in bodies(at)] == ["alert"] * 3
    told.later(59)
    assert len(at.received) == 3
    told.later(1)
    digest = bodies(at)[-1]
    assert (digest.type, digest.count, digest.held, digest.remaining) == ("digest", 4, {"cap": 2, "budget": 2}, 0)
    assert {said.siren for body in bodies(at) for said in body.notifications} == {f"{n:09d}" for n in range(7)}
    assert [said.why for said in digest.notifications] == ["cap", "cap", "budget", "budget"]
    assert bench.value("vigie_notifications_total", kind="webhook", result="held") == 4
    told.later(120)
    assert len(at.received) == 4, "told once"


def test_a_flood_is_dealt_out_over_digests_without_loss(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, *firms(450), budget=1000)
    for _ in range(10):
        told.later(0)
    for _ in range(3):
        told.later(60)
    found = bodies(at)
    assert [body.count for body in found] == [1, 1, 1, 200, 200, 47]
    assert [body.remaining for body in found[3:]] == [247, 47, 0]
    ids = [said.id for body in found for said in body.notifications]
    assert len(ids) == len(set(ids)) == 450


def test_an_endpoint_that_fails_is_tried_again_with_the_same_id(
    client: redis.Redis, bench: Bench, at: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    statuses = iter([500, 302, 429])
    at.answer = lambda _: next(statuses, 200)
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, live(raised_at=NOW))
    told.made.turn()
    assert len({request.headers["Vigie-Id"] for request in at.received}) == 1
    assert len(at.received) == 4
    assert {request.path for request in at.received} == {"/vigie?token=t0ken"}, "no redirect is followed"
    assert told.pauses == [1.0, 2.0, 4.0]
    assert bench.value("vigie_notifications_total", kind="webhook", result="retried") == 3
    assert "answered 500" in caplog.text
    for secret in (SECRET.decode(), "t0ken", "DUMONT", "123456789"):
        assert secret not in caplog.text


def test_what_is_given_up_is_counted_and_the_next_goes(client: redis.Redis, bench: Bench) -> None:
    away = Refusing()
    told = Telling(client, bench, "desk", HOOK, away)
    put(client, bench, live(raised_at=NOW))
    told.made.turn()
    assert set(away.tried) == {away.tried[0]}
    assert 900 < len(away.tried) < 910, "an hour, every 4 s"
    assert bench.value("vigie_notifications_total", kind="webhook", result="failed") == 1
    count = len(away.tried)
    told.made.turn()
    assert len(away.tried) == count


def test_a_stop_while_an_endpoint_is_away_loses_nothing(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    away = Refusing()
    told = Telling(client, bench, "desk", HOOK, away)
    put(client, bench, live(raised_at=NOW))
    told.stopped = True
    with pytest.raises(Stopped):
        told.made.turn()
    Telling(client, bench, "desk", HOOK, hook(at))
    assert [body.id for body in bodies(at)] == [away.tried[0]]


def test_a_digest_that_was_tried_before_a_stop_is_the_same_afterwards(
    client: redis.Redis, bench: Bench, at: Endpoint
) -> None:
    away = Refusing()
    digests = msgspec.structs.replace(HOOK, immediate=False)
    told = Telling(client, bench, "desk", digests, away)
    put(client, bench, *firms(2))
    told.made.turn()
    told.stopped = True
    with pytest.raises(Stopped):
        told.later(61)
    put(client, bench, *firms(3, first=5))
    again = Telling(client, bench, "desk", digests, hook(at))
    again.later(61)
    again.later(61)
    assert [body.count for body in bodies(at)] == [2, 3]
    assert bodies(at)[0].id == away.tried[0]
    assert bodies(at)[0].held == {"gathered": 2}


def test_what_its_owner_lost_is_not_sent_and_said_so(
    client: redis.Redis, bench: Bench, at: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    def withheld() -> float:
        return bench.value("vigie_notifications_total", kind="webhook", result="withheld")

    told = Telling(client, bench, "desk", HOOK, hook(at))
    told.owner = None
    put(client, bench, *firms(2))
    told.made.turn()
    assert (at.received, withheld()) == ([], 2)
    assert caplog.text.count("[desk] nothing is sent: users.a.martin sees no department") == 1
    told.owner = MARTIN._replace(queues=("71",))
    put(client, bench, *firms(1, first=5))
    told.made.turn()
    assert (at.received, withheld()) == ([], 3)
    told.owner = MARTIN
    put(client, bench, *firms(1, first=9))
    told.made.turn()
    assert [said.siren for body in bodies(at) for said in body.notifications] == ["000000009"], "and none of before"
    assert "[desk] is told again" in caplog.text


def test_a_digest_has_nothing_that_was_erased_or_lost_since(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", msgspec.structs.replace(HOOK, immediate=False), hook(at))
    put(client, bench, *firms(3), live(id="x", siren="7" * 9, department="75", raised_at=NOW))
    told.made.turn()
    kept = b"".join(client.lrange(keys("desk")[1], 0, -1))  # type: ignore[arg-type] # a synchronous client
    assert kept.count(b'"queue"') == 4
    assert b"000000001" not in kept, "what is held names no firm"
    erase(client, "000000001", where="here")
    told.owner = MARTIN._replace(queues=("21",))
    told.later(61)
    [digest] = bodies(at)
    assert [said.siren for said in digest.notifications] == ["000000000", "000000002"]
    assert bench.value("vigie_notifications_total", kind="webhook", result="withheld") == 1
    assert not client.exists(keys("desk")[1])


def test_rights_are_looked_at_before_each_try(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))

    def refuse(_: Any) -> int:
        told.owner = MARTIN._replace(data=frozenset({"urssaf"})) if len(at.received) == 1 else None
        return 500

    at.answer = refuse
    put(client, bench, live(raised_at=NOW))
    told.made.turn()
    first, second = (msgspec.json.decode(one.body)["notifications"][0] for one in at.received)
    assert (first["tier"], "tier" in second, second["siren"]) == ("strong", False, "123456789")
    assert at.received[0].headers["Vigie-Id"] == at.received[1].headers["Vigie-Id"]
    assert bench.value("vigie_notifications_total", kind="webhook", result="withheld") == 1


def test_who_has_lost_the_lease_sends_nothing_more(client: redis.Redis, bench: Bench, at: Endpoint) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    other = Lease(client, "desk", lambda: 0.0, where="here")
    put(client, bench, *firms(2))

    def take_over(_: Any) -> int:
        client.delete(other.key)
        assert other.take()
        return 204

    at.answer = take_over
    with pytest.raises(LeaseLost):
        told.made.turn()
    assert len(at.received) == 1, "what was under way when the other took over"
    told.lease.renew()
    with pytest.raises(LeaseLost):
        told.made.turn()
    assert len(at.received) == 1
    other.release()


def test_a_dead_endpoint_holds_up_nobody_else(
    redis_url: str, client: redis.Redis, bench: Bench, at: Endpoint, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    clearances = tmp_path / "clearances.toml"
    clearances.write_text('[users.martin]\nrole = "reader"\ndepartments = ["21"]\n')
    table = 'owner = "users.martin"\nkind = "webhook"\nsecret_file = "{}"\ndepartments = ["21"]\nurl = "{}"\n'
    dead = table.format(secret, f"http://127.0.0.1:{free_port()}/")
    (tmp_path / "all.toml").write_text(f"[dead]\n{dead}[alive]\n{table.format(secret, at.url)}")
    stopping = threading.Event()
    options = replace(
        OPTIONS, subscriptions=tmp_path / "all.toml", clearances=clearances, notify_first_wait_seconds=0.05
    )
    settings = (options, AlertsOptions(redis_first_wait_seconds=0.01), redis_url, bench.metrics, stopping)
    thread = threading.Thread(target=running.run, args=settings)
    thread.start()
    try:
        while not all(client.exists(keys(name)[0]) for name in ("dead", "alive")):
            assert thread.is_alive()
        at.arrived.clear()
        put(client, bench, live(raised_at=NOW))
        assert at.arrived.wait(60)
        while not bench.value("vigie_notifications_total", kind="webhook", result="retried"):
            assert thread.is_alive()
    finally:
        stopping.set()
        thread.join(30)
    assert not thread.is_alive()
    assert len(at.received) == 1


def test_secrets_and_authorities_that_cannot_be_used_are_told_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"\[desk\] secret_file"):
        running.outlets(OPTIONS, {"desk": HOOK})
    with pytest.raises(UnusableInput, match="--notify-ca"):
        running.outlets(replace(OPTIONS, notify_ca=tmp_path / "none.pem"), {"desk": HOOK})
    with pytest.raises(UnusableInput, match="--smtp-host"):
        running.outlets(NotifyOptions(), {"mail": MAIL})
    with pytest.raises(UnusableInput, match="this machine"):
        running.outlets(replace(OPTIONS, smtp_host="mail.example", smtp_security="none"), {"mail": MAIL})


@pytest.mark.parametrize(
    ("scheme", "address", "insecure", "problem"),
    [
        ("https", "203.0.113.9", False, None),
        ("https", "10.0.0.9", False, None),
        ("http", "127.0.0.1", False, None),
        ("http", "::ffff:127.0.0.1", False, None),
        ("http", "10.0.0.9", False, "not HTTPS"),
        ("http", "::ffff:10.0.0.9", False, "not HTTPS"),
        ("http", "10.0.0.9", True, None),
        ("https", "169.254.169.254", True, "where no message goes"),
        ("https", "::ffff:169.254.169.254", False, "where no message goes"),
        ("https", "fe80::1%eth0", False, "where no message goes"),
        ("https", "224.0.0.1", False, "where no message goes"),
    ],
)
def test_where_messages_go(scheme: str, address: str, insecure: bool, problem: str | None) -> None:
    said = why_not(scheme, address, insecure=insecure)
    assert (said is None) == (problem is None)
    assert problem is None or problem in (said or "")


def test_the_receiver_of_the_how_to_knows_what_is_ours(
    client: redis.Redis, bench: Bench, at: Endpoint, tmp_path: Path
) -> None:
    told = Telling(client, bench, "desk", HOOK, hook(at))
    put(client, bench, live(raised_at=NOW))
    told.made.turn()
    [request] = at.received
    page = (DOCS / "how-to/notify.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    is_ours, header, now = names["is_ours"], request.headers["Vigie-Signature"], NOW.timestamp()
    assert is_ours(request.body, header, SECRET, now)
    assert is_ours(request.body, header + ",v1=00", SECRET, now), "while a secret is replaced"
    assert not is_ours(request.body + b" ", header, SECRET, now)
    assert not is_ours(request.body, header, b"x" * 32, now)
    assert not is_ours(request.body, header, SECRET, now + 301)
    assert not is_ours(request.body, header.replace("t=", "t=1"), SECRET, now)
    assert not is_ours(request.body, "", SECRET, now)


def test_https_wants_a_certificate_that_is_trusted(client: redis.Redis, bench: Bench, tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    with endpoint(certificate=certificate) as at:
        outlet = hook(at)
        message = Message("m", "digest", [], 0)
        with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
            outlet.send(message)
        outlet._trusted = ssl.create_default_context(cafile=certificate.authority)
        outlet.send(message)
    assert len(at.received) == 1


class TestMail:
    def test_a_digest_is_text_and_html_over_starttls(
        self, client: redis.Redis, bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        certificate = made_certificate(tmp_path)
        trusted = ssl.create_default_context(cafile=certificate.authority)
        with ExitStack() as held:
            post = held.enter_context(mail_server(certificate, free_port(), "vigie", "s3cret"))
            options = replace(OPTIONS, smtp_port=post.port, smtp_user="vigie", smtp_password="s3cret")

            def mailer(password: str = "s3cret") -> Outlet:
                own = replace(options, smtp_password=password)
                return Mailer("ddets", MAIL, own, trusted=trusted, clock=lambda: NOW.timestamp())

            told = Telling(client, bench, "ddets", MAIL, mailer())
            put(client, bench, *firms(2), live(raised_at=NOW, name="<b>ÉVIL</b>\x1b[2J"), budget=2)
            told.made.turn()
            assert post.mails == []
            post.refusals = 1
            told.later(61)
            with pytest.raises(Undelivered, match="answered 535"):
                mailer("wrong").send(Message("m", "digest", [], 0))
        [mail] = post.mails
        assert mail["Subject"] == "Vigie – 3 alertes (ddets)"
        assert mail["To"] == "veille@ddets.example, codefi@ddfip.example"
        assert re.fullmatch(r"<[0-9a-f]{32}@vigie\.invalid>", mail["Message-ID"])
        text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
        assert text.startswith("3 alertes. Retenues jusqu’ici\u00a0: 1 (au-delà du budget mensuel du département).\n\n")
        assert "Risque fort 34\u00a0% — ATELIERS DUMONT (SIREN\u00a0000\u00a0000\u00a0001), Côte-d'Or 21\n" in text
        assert "  La dette sociale accroît le risque.\n" in text
        assert "https://vigie.example/firms/21/123456789" in text
        assert "\x1b" not in text
        assert "<b>" not in html
        assert "&lt;b&gt;ÉVIL&lt;/b&gt;" in html
        assert '<a href="https://vigie.example/firms/21/123456789">Ouvrir le dossier</a>' in html
        assert bench.value("vigie_notifications_total", kind="mail", result="retried") == 1
        assert "s3cret" not in caplog.text
        assert "answered 451" in caplog.text


def test_redis_away_is_waited_out_or_told(client: redis.Redis, bench: Bench) -> None:
    told = Telling(client, bench, "desk", HOOK, Refusing())
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody:
        told.made._ledger._client = nobody
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            told.stopped = len(waits) == 2

        told.made._sleep = sleep
        told.made.run()
    assert waits == [1.0, 2.0]
