"""What is wrong with an installation, and what to do about it. Only looks: nothing is written, no offset is committed.

Each check stands by itself: what one of them cannot find out is `unknown`, and the others go on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import redis

from alerts import persistence
from alerts.connect import connect as connect_redis
from alerts.connect import safe_url
from alerts.outage import translate
from alerts.persistence import Finding
from detectors.errors import VigieError
from streams import admin, status
from streams.admin import Copies, Survey
from streams.cluster import Cluster
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS, ROLES, TopicOptions, table

State = Literal["well", "warning", "wrong", "unknown"]
OLDEST_KAFKA = (3, 6)
SKEW_SECONDS = 2.0
"""Latencies are differences of two machines' clocks, and the promise of them is in seconds."""
MODEL_DAYS = 45
"""A model comes with each month's answers."""
NEEDED_RIGHTS: Mapping[str, frozenset[str]] = {
    EVENTS: frozenset({"READ", "WRITE", "DESCRIBE"}),
    ALERTS: frozenset({"READ", "WRITE", "DESCRIBE"}),
    EXAMPLES: frozenset({"READ", "WRITE", "DESCRIBE"}),
    MODELS: frozenset({"READ", "WRITE", "DESCRIBE"}),
    DEAD_LETTERS: frozenset({"WRITE", "DESCRIBE"}),
    CHANGELOG: frozenset({"READ", "WRITE", "DESCRIBE"}),
}
"""What a worker with all roles does with each topic, in Kafka's own words."""


_FINDINGS: Mapping[str, State] = {
    "version": "wrong",
    "cluster": "wrong",
    "replica": "wrong",
    "eviction": "wrong",
    "no-persistence": "wrong",
    "unchecked": "unknown",
}
"""How bad the findings of `alerts.persistence` are; a warning where nothing is said here."""


_ALTER = "vigie topics create --alter --min-insync-replicas"


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: what was found, and what to do unless all is well."""

    name: str
    state: State
    found: str
    remedy: str = ""


NEEDED_OF_GROUPS = frozenset({"READ", "DESCRIBE"})
"""What the workers of a role do with its group."""


def examine(cluster: Cluster, redis_url: str, redis_timeout_seconds: float, wall: Callable[[], float]) -> list[Check]:
    """Look at the servers; `wall` is this machine's clock, in seconds.

    Raises UnusableInput for an address that is none; all else that fails is a check's.
    """
    return [*_kafka(cluster, wall), *_redis(redis_url, redis_timeout_seconds, wall), *_work(cluster, redis_url, wall)]


def _kafka(cluster: Cluster, wall: Callable[[], float]) -> Iterator[Check]:
    try:
        with admin.connect(cluster) as administration:
            names = [topic.name for topic in table(TopicOptions())]
            survey = administration.survey(names)
            yield Check("kafka", "well", f"{cluster.kafka}: {survey.brokers} broker(s)")
            yield kafka_version(survey)
            before = wall()
            theirs = administration.clock()
            after = wall()
            yield _kafka_clock(theirs, (before + after) / 2, (after - before) / 2)
            # The number of partitions is for good: what is there is what is wanted.
            partitions = survey.partitions.get(EVENTS, TopicOptions.partitions)
            for finding in administration.describe(table(TopicOptions(partitions=partitions))):
                yield _topic(finding)
            yield from replicas(survey)
            yield from copies(administration.copies(names))
            user = cluster.kafka_user or "anonymous"
            yield from rights(survey, user)
            groups = administration.group_rights([group for group, _ in ROLES.values()])
            yield from group_rights(groups, user)
    except VigieError as error:
        yield Check("kafka", "wrong", str(error), "The message says what to do; the checks of Kafka end here.")


def kafka_version(survey: Survey) -> Check:
    """Whether the brokers are new enough, as their protocol tells."""
    said = ".".join(map(str, survey.version))
    if survey.version < OLDEST_KAFKA:
        return Check("kafka version", "wrong", f"Kafka {said}", "Upgrade to 3.6 or later.")
    return Check("kafka version", "well", f"{said} or later")


def _topic(finding: admin.Finding) -> Check:
    name = f"topic {finding.topic}"
    if not finding.differences:
        return Check(name, "well", f"{finding.partitions} partition(s), kept as it should be")
    found = "; ".join(f"{d.what}: {d.found}, wanted {d.wanted}" for d in finding.differences)
    return Check(name, "wrong", found, " ".join(dict.fromkeys(d.remedy for d in finding.differences)))


def replicas(survey: Survey) -> Iterator[Check]:
    """Whether every partition has its leader, and all its replicas."""
    if survey.leaderless:
        said = ", ".join(survey.leaderless)
        yield Check("leaders", "wrong", f"no broker leads {said}", "Start the brokers that are down.")
    if survey.short:
        said = ", ".join(survey.short)
        yield Check("replicas", "warning", f"not all replicas are in sync: {said}", "Look at the brokers' health.")
    if not survey.leaderless and not survey.short:
        yield Check("replicas", "well", "every partition has its leader and its replicas")


def copies(found: Mapping[str, Copies]) -> Iterator[Check]:
    """Whether a broker may be lost without a confirmed record, and be away without an end to all writing."""
    told = [*_poor_copies(found)]
    yield from told
    if found and not told:
        yield Check("copies", "well", "a broker may be lost, with nothing that Kafka confirmed")


def _poor_copies(found: Mapping[str, Copies]) -> Iterator[Check]:
    def told(state: State, which: Callable[[Copies], bool], what: str, remedy: str) -> Iterator[Check]:
        if names := [name for name, copies in found.items() if which(copies)]:
            yield Check("copies", state, f"{what}: {', '.join(names)}", remedy)

    yield from told(
        "warning",
        lambda c: c.replicas == 1,
        "one broker alone has each record, and what it loses is lost",
        "Have three brokers, and topics made by vigie topics create --replication-factor 3 --min-insync-replicas 2.",
    )
    yield from told(
        "wrong",
        lambda c: c.in_sync > c.replicas,
        "nothing can be written, for more copies are asked for (min.insync.replicas) than there are",
        f"{_ALTER} with fewer of them.",
    )
    yield from told(
        "warning",
        lambda c: c.replicas == c.in_sync > 1,
        "every copy must have a record, so that one broker away stops all writing",
        f"{_ALTER} with one less than there are copies.",
    )
    yield from told(
        "wrong",
        lambda c: c.replicas > 1 and c.in_sync == 1,
        "a record counts as written once one broker has it, and is lost with that one",
        f"{_ALTER} 2.",
    )
    yield from told(
        "wrong",
        lambda c: c.unclean,
        "a copy that lacks confirmed records may come to lead, and they are lost",
        "Set unclean.leader.election.enable to false, by kafka-configs.sh on the topic and in the brokers' settings.",
    )


def rights(survey: Survey, user: str) -> Iterator[Check]:
    """What the user may do with each topic, as far as the cluster tells."""
    for topic, wanted in NEEDED_RIGHTS.items():
        have = survey.rights.get(topic)
        if have is None:
            continue
        if not have:
            yield Check(f"rights on {topic}", "unknown", "the cluster does not tell", "Ask its operator.")
        elif lacking := sorted(wanted - have):
            yield Check(
                f"rights on {topic}",
                "wrong",
                f"user {user} lacks {', '.join(lacking)}",
                "Have the cluster's operator grant them, or run the roles that do without apart.",
            )
        else:
            yield Check(f"rights on {topic}", "well", f"user {user} may {', '.join(sorted(wanted))}")


def _redis(url: str, timeout_seconds: float, wall: Callable[[], float]) -> Iterator[Check]:
    where = safe_url(url)
    with connect_redis(url, timeout_seconds) as client:
        try:
            with _told(where):
                before = wall()
                seconds, microseconds = _plain(client.time())
                after = wall()
            yield Check("redis", "well", where)
            skew = seconds + microseconds / 1e6 - (before + after) / 2
            yield clock_skew("Redis", skew, (after - before) / 2)
            yield from redis_findings(persistence.check(client, where=where))
        except VigieError as error:
            yield Check("redis", "wrong", str(error), "The message says what to do; the checks of Redis end here.")


def clock_skew(server: str, seconds: float, uncertain_seconds: float) -> Check:
    """Whether this machine and a server's agree on the time."""
    name, said = f"clock of {server}", f"{seconds:+.2f} s from this machine's (give or take {uncertain_seconds:.2f} s)"
    if abs(seconds) - uncertain_seconds <= SKEW_SECONDS:
        return Check(name, "well", said)
    return Check(name, "wrong", said, "Let both machines keep time by NTP (timedatectl): latencies are wrong by it.")


def _kafka_clock(theirs: float | None, ours: float, uncertain_seconds: float) -> Check:
    if theirs is None:
        remedy = "Ask its operator, or run this as a user with DESCRIBE on the cluster."
        return Check("clock of Kafka", "unknown", "the cluster does not tell", remedy)
    return clock_skew("Kafka", theirs - ours, uncertain_seconds)


def group_rights(found: Mapping[str, frozenset[str] | None], user: str) -> Iterator[Check]:
    """Whether the user may be a member of each role's group."""
    for group, have in found.items():
        name = f"rights on group {group}"
        if have is None or (have and NEEDED_OF_GROUPS - have):
            lacking = ", ".join(sorted(NEEDED_OF_GROUPS - (have or frozenset())))
            remedy = "Have it granted (vigie topics acl shows what), or run the roles that do without apart."
            yield Check(name, "wrong", f"user {user} lacks {lacking}", remedy)
        else:
            said = "be its member" if have else "look at it; that it may join is told once somebody was in it"
            yield Check(name, "well", f"user {user} may {said}")


def redis_findings(findings: Sequence[Finding]) -> Iterator[Check]:
    """What is wrong with a server's version, cluster, role, memory and persistence, or that nothing is."""
    for finding in findings:
        state = _FINDINGS.get(finding.name, "warning")
        yield Check(f"redis {finding.name}", state, finding.what, f"{finding.remedy}.")
    if not findings:
        yield Check("redis settings", "well", "it keeps what it is given")


def _work(cluster: Cluster, redis_url: str, wall: Callable[[], float]) -> Iterator[Check]:
    """Who is at work, and with what model."""
    today = datetime.fromtimestamp(wall(), UTC).date()
    found = status.collect(cluster, redis_url, 1.0, today)
    for role in found.roles:
        working = role.state == "Stable" and role.members > 0
        said = f"{role.members} member(s), {role.state}; {role.lag} records of {role.topic} wait"
        remedy = "" if working else "Start a worker with that role: vigie worker."
        yield Check(f"group {role.group}", "well" if working else "warning", said, remedy)
    if found.kafka_reachable:
        yield model_age(found)


def model_age(found: status.Status) -> Check:
    """How old what the model in force has learned is."""
    if found.model_version is None:
        return Check("model", "warning", "none is published", "A trainer publishes the first: vigie worker.")
    if found.model_age_days is None:
        return Check("model", "well", f"{found.model_version}, the expert scorecard: nothing has been learned yet")
    said = f"{found.model_version} has learned up to {found.model_as_of}, {found.model_age_days} days ago"
    if found.model_age_days <= MODEL_DAYS:
        return Check("model", "well", said)
    return Check("model", "warning", said, "Is a trainer at work, and does every partition reach the month's end? "
                 "docs/runbooks/VigieModelOld.md says more.")  # fmt: skip


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise translate(error, where) from error


def _plain(answer: Any) -> Any:
    """An answer of redis-py, whose types also allow for asynchronous clients."""
    return answer
