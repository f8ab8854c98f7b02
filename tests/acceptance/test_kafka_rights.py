"""The whole chain over TLS and SCRAM, each role as a user of its own; and each user refused what is not its role's."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from deploy.embedded import Guard, KafkaOptions, KafkaServer, ValkeyServer, start_kafka
from deploy.ports import free_ports
from streams.acl import Principals, Right, _acl, apply, rights
from streams.cluster import Cluster, ClusterUnreachable, NotAuthorised
from streams.producer import connected
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS
from tests.acceptance.harness import GROUPS, PARTITIONS, Site, until
from tests.acceptance.world import World
from tests.certificates import Certificate, made_certificate
from vigie.__main__ import main

TOPICS = {EVENTS, ALERTS, EXAMPLES, MODELS, DEAD_LETTERS, CHANGELOG}


@dataclass(frozen=True)
class May:
    """What a user may read and write, and the group that it may be a member of."""

    read: set[str]
    write: set[str]
    group: str | None
    describe: frozenset[str] = frozenset()


MAY = {
    "vigie-scorer": May({EVENTS, MODELS, CHANGELOG}, {EVENTS, ALERTS, EXAMPLES, CHANGELOG, DEAD_LETTERS}, "vigie"),
    "vigie-trainer": May({EXAMPLES, MODELS}, {MODELS}, "vigie-trainer", frozenset({EVENTS})),
    "vigie-dispatcher": May({ALERTS}, {DEAD_LETTERS}, "vigie-dispatcher", frozenset({EVENTS})),
    "vigie-partner": May(set(), {EVENTS}, None),
}
USERS = (*MAY, "vigie-operator")


class Guarded:
    """A broker that asks who one is, its users and how they log in."""

    def __init__(self, server: KafkaServer, port: int, certificate: Certificate, folder: Path) -> None:
        self.server = server
        self.address = f"127.0.0.1:{port}"
        self.certificate = certificate
        self.passwords = {user: secrets.token_urlsafe(16) for user in USERS}
        self._folder = folder
        for user, password in self.passwords.items():
            self._file(user).write_text(password + "\n")
        admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
        users = [
            UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password.encode(), iterations=4096)
            for user, password in self.passwords.items()
        ]
        assert set(admin.alter_user_scram_credentials(users).values()) == {None}
        admin.close()

    def _file(self, user: str) -> Path:
        return self._folder / f"{user}.password"

    def settings(self, user: str) -> dict[str, str]:
        """A user's settings, as variables without their prefix; the password stands in a file."""
        return {
            "kafka": self.address,
            "kafka_protocol": "SASL_SSL",
            "kafka_ca": str(self.certificate.authority),
            "kafka_user": user,
            "kafka_password_file": str(self._file(user)),
        }

    def cluster(self, user: str, **changes: Any) -> Cluster:
        own = self.settings(user)
        del own["kafka_password_file"]
        return Cluster(**({**own, "kafka_password": self.passwords[user]} | changes))


@pytest.fixture(scope="module")
def guarded(kafka_options: KafkaOptions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    certificate, (port,) = made_certificate(folder), free_ports(1)
    with start_kafka(kafka_options, guard=Guard(port, certificate.served)) as server:
        guarded = Guarded(server, port, certificate, folder)
        # By the plain listener, whose clients may do everything.
        assert apply(Cluster(kafka=server.bootstrap), rights(Principals())).added == len(rights(Principals()))
        yield guarded


def as_user(guarded: Guarded, user: str, *args: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command as a user."""
    for name, value in guarded.settings(user).items():
        monkeypatch.setenv(f"VIGIE_{name.upper()}", value)
    return main([*args])


@pytest.fixture
def site(guarded: Guarded, valkey: ValkeyServer, tmp_path: Path) -> Iterator[Site]:
    with Site(guarded.server.bootstrap, valkey.url, tmp_path) as site:
        yield site


def test_the_chain_runs_with_a_user_for_each_role(
    guarded: Guarded,
    site: Site,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The topics are there already: the operator's rights are asked for all the same.
    create = ("topics", "create", "--partitions", str(PARTITIONS), "--alter")
    assert as_user(guarded, "vigie-operator", *create, monkeypatch=monkeypatch) == 0
    assert as_user(guarded, "vigie-partner", "ingest", str(world.files), monkeypatch=monkeypatch) == 0
    with site.producer() as producer:
        producer.send(EXAMPLES, b"no example")
    trainer = site.worker("--roles", "trainer", **guarded.settings("vigie-trainer"))
    until(lambda: "is no block of examples" in trainer.log, "the trainer to read")
    assert len(site.records(MODELS)) == 1
    workers = [
        trainer,
        site.worker("--roles", "scorer", "--frozen", **guarded.settings("vigie-scorer")),
        site.worker("--roles", "dispatcher", **guarded.settings("vigie-dispatcher")),
    ]
    # Before there is anything to learn, which takes time.
    shown = [Path(f"/proc/{trainer.pid}/cmdline").read_bytes()]
    trainer.stop()
    until(lambda: site.behind("vigie", EVENTS) == 0, "the events to be scored")
    until(lambda: site.behind("vigie-dispatcher", ALERTS) == 0, "the alerts to be dispatched")
    assert len(site.ids()) == len(site.records(ALERTS)) > 0
    assert site.dead_letters() == []
    assert len(site.records(EXAMPLES)) > 1
    assert as_user(guarded, "vigie-operator", "status", monkeypatch=monkeypatch) == 0
    check_doctor(guarded, monkeypatch, capsys)
    for worker in workers[1:]:
        shown.append(Path(f"/proc/{worker.pid}/cmdline").read_bytes())
        worker.stop()
    words = b"".join([*shown, *(worker.log.encode() for worker in workers)])
    assert not any(password.encode() in words for password in guarded.passwords.values())


def check_doctor(guarded: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked as the operator, who ends groups, and has no right on the cluster itself."""
    capsys.readouterr()
    assert as_user(guarded, "vigie-operator", "doctor", "--json", monkeypatch=monkeypatch) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    found = {checks[f"rights on group {name}"]["found"] for name in GROUPS}
    assert found == {"user vigie-operator may be its member"}
    assert checks["clock of Kafka"]["state"] == "unknown"


@pytest.mark.parametrize("user", MAY)
def test_a_user_is_refused_what_is_not_its_role_s(guarded: Guarded, site: Site, user: str) -> None:
    may, client = MAY[user], guarded.cluster(user).client()
    producer = KafkaProducer(**client)
    for topic in sorted(TOPICS - may.write):
        with pytest.raises(TopicAuthorizationFailedError):
            producer.send(topic, b"not mine", partition=0).get(10)
    producer.close()
    assert not any(site.records(topic) for topic in TOPICS)
    consumer = KafkaConsumer(**client, auto_offset_reset="earliest")
    seen = consumer.topics()
    assert seen == may.read | may.write | may.describe
    for topic in sorted(seen - may.read):
        consumer.assign([TopicPartition(topic, 0)])
        with pytest.raises(TopicAuthorizationFailedError):
            consumer.poll(timeout_ms=5_000)
    consumer.close()
    admin = KafkaAdminClient(**client)
    for group in sorted({*GROUPS} - {may.group}):
        with pytest.raises(GroupAuthorizationFailedError):
            admin.list_group_offsets({group: None})
    admin.close()


@pytest.mark.parametrize("user", USERS)
def test_no_role_may_give_rights_or_delete_topics(guarded: Guarded, site: Site, user: str) -> None:
    with pytest.raises(NotAuthorised, match=f"user {user}"):
        apply(guarded.cluster(user), rights(Principals()))
    admin = KafkaAdminClient(**guarded.cluster(user).client())
    with pytest.raises(TopicAuthorizationFailedError):
        admin.delete_topics([EVENTS])
    admin.close()


def test_rights_are_given_once_and_others_are_told(guarded: Guarded, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["topics", "acl", "--apply", "--kafka", guarded.server.bootstrap]
    number = len(rights(Principals()))
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"0 right(s) given, {number} there already\n"
    assert main([*arguments, "--partner-user", "somebody"]) == 0
    capsys.readouterr()
    assert main([*arguments, "--dispatcher-user", "somebody"]) == 1
    told = capsys.readouterr().out
    assert "beyond its role: User:somebody allow WRITE on topic vigie.events (literal) from *" in told
    assert told.count("beyond its role") == 1


def test_who_is_not_who_they_say_does_not_get_in(guarded: Guarded) -> None:
    with pytest.raises(ClusterUnreachable, match="VIGIE_KAFKA_PASSWORD") as caught:
        asyncio.run(entering(guarded.cluster("vigie-partner", kafka_password="no-secret")))
    assert "no-secret" not in str(caught.value)


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(guarded: Guarded, tmp_path: Path) -> None:
    other = made_certificate(tmp_path).authority
    with pytest.raises(ClusterUnreachable):
        asyncio.run(entering(guarded.cluster("vigie-partner", kafka_ca=str(other))))


async def entering(cluster: Cluster) -> None:
    await connected(cluster, "test", batch_bytes=1000, request_timeout_s=5)


def test_an_operator_erases_a_firm_once_it_may_delete_records(
    guarded: Guarded, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_REDIS", site.redis_url)
    erase = ("firm", "erase", "123456789", "--reason", "x")
    with site.producer() as producer:
        for siren in (b"123456789", b"987654321"):
            producer.send(EVENTS, b"x", key=siren, partition=0)
    consumer = KafkaConsumer(bootstrap_servers=site.kafka, group_id="vigie", enable_auto_commit=False)
    consumer.assign([TopicPartition(EVENTS, 0)])
    consumer.commit({TopicPartition(EVENTS, 0): OffsetAndMetadata(2, "", -1)})
    consumer.close()
    assert as_user(guarded, "vigie-operator", *erase, monkeypatch=monkeypatch) == 1
    assert "refused user vigie-operator while deleting records" in capsys.readouterr().err
    assert site.ends(EVENTS)[0] == 2
    deleting = Right("vigie-operator", "topic", "vigie", "Delete", prefixed=True)
    admin = KafkaAdminClient(bootstrap_servers=site.kafka)
    try:
        assert apply(site.cluster, [deleting]).added == 1
        assert as_user(guarded, "vigie-operator", *erase, monkeypatch=monkeypatch) == 0
    finally:
        admin.delete_acls([_acl(deleting)])
        admin.close()
    assert [record.key for record in site.records(EVENTS)] == [b"987654321"]
    assert site.committed("vigie", EVENTS)[0] == 3
