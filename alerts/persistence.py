"""Whether a Redis keeps what it is given: what in its settings may lose alerts, in words, with the command to type.

Kafka has every alert, and `vigie alerts rebuild` brings them back; until somebody runs it, agents are without.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import redis
from redis.exceptions import RedisError, ResponseError

from alerts import slots
from alerts.outage import NO_CLUSTER, code_of, translate

OLDEST = (6, 2, 7)
"""Before it, XTRIM MINID takes younger entries too, where some weeks lie between neighbours (redis/redis#10068)."""
_SETTINGS = ("appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy", "min-replicas-to-write")
_PERSIST = "CONFIG SET appendonly yes"


class Finding(NamedTuple):
    """Something that an operator should know: a short name that stays, what is wrong, and what to do about it."""

    name: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}. {self.remedy}"


@dataclass(frozen=True)
class Facts:
    """What a server says of itself; None is what it does not tell.

    `version` is the Redis version whose commands it has; `role` is master or slave, `link_up` a replica's own.
    """

    version: str
    role: str
    replicas: int
    link_up: bool | None = None
    cluster: bool = False
    elsewhere: int = 0
    """Departments whose keys are on other nodes of its cluster."""
    appendonly: bool | None = None
    appendfsync: str | None = None
    save: str | None = None
    maxmemory: int | None = None
    maxmemory_policy: str | None = None
    min_replicas_to_write: int | None = None
    config_refused: str = ""
    """Why the server does not tell its settings; empty where it does."""


def check(client: redis.Redis, *, where: str) -> list[Finding]:
    """What an operator of this server should know. Raises RedisUnavailable or RedisRefused where it tells nothing."""
    try:
        return findings(facts(client))
    except RedisError as error:
        raise translate(error, where) from error


def facts(client: redis.Redis) -> Facts:
    """Ask a server. INFO tells most; what only CONFIG knows is None where that is forbidden, as on managed ones."""
    info: Any = client.info("everything")
    config, refused = _config(client)
    cluster = info.get("cluster_enabled") == 1

    def number(name: str, said: Any) -> int | None:
        value = config.get(name, said)
        return None if value is None else int(value)

    appendonly = config.get("appendonly")
    return Facts(
        version=str(info["redis_version"]),
        role=str(info["role"]),
        replicas=int(info.get("connected_slaves", 0)),
        link_up=info["master_link_status"] == "up" if "master_link_status" in info else None,
        cluster=cluster,
        elsewhere=_elsewhere(client) if cluster else 0,
        appendonly=bool(info["aof_enabled"]) if appendonly is None else appendonly == "yes",
        appendfsync=config.get("appendfsync"),
        save=config.get("save"),
        maxmemory=number("maxmemory", info.get("maxmemory")),
        maxmemory_policy=config.get("maxmemory-policy", info.get("maxmemory_policy")),
        min_replicas_to_write=number("min-replicas-to-write", None),
        config_refused=refused,
    )


def _elsewhere(client: redis.Redis) -> int:
    pipeline: Any = client.pipeline(transaction=False)
    for command in slots.PROBE:
        pipeline.execute_command(*command)
    return len(slots.moved(pipeline.execute(raise_on_error=False)))


def _config(client: redis.Redis) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    try:
        for name in _SETTINGS:  # Redis 6.2 takes one name at a time
            answer: Any = client.config_get(name)
            found |= {key: value for key, value in answer.items() if value is not None}
    except ResponseError as error:
        if code_of(error) not in ("NOPERM", "other"):
            raise
        return {}, str(error)
    return found, ""


def findings(facts: Facts) -> list[Finding]:
    """What is wrong with a server that says this of itself, the worst first."""
    found = [
        _version(facts),
        _cluster(facts),
        _replica(facts),
        _eviction(facts),
        _persistence(facts),
        _replication(facts),
        _unchecked(facts),
    ]
    return [finding for finding in found if finding is not None]


def _version(facts: Facts) -> Finding | None:
    version = tuple(int(part) for part in facts.version.split(".")[:3])
    if version >= OLDEST:
        return None
    return Finding(
        "version",
        f"this is Redis {facts.version}, and Vigie needs 6.2.7 or later: an older one trims young entries too. "
        "Alerts are therefore not trimmed here at all, and the audit log may lose what is younger than --audit-days",
        "Upgrade it, or run another one: Redis 6.2.7 to 8, Valkey 8 or later",
    )


def _cluster(facts: Facts) -> Finding | None:
    if facts.elsewhere:
        return Finding(
            "cluster",
            f"this server is a node of a Redis cluster, and other nodes have the alerts of {facts.elsewhere} of "
            f"{len(slots.PROBE)} departments: it takes none of those",
            NO_CLUSTER,
        )
    if facts.cluster:
        return Finding(
            "cluster-of-one",
            "this server is in cluster mode, with all keys on this one node: it takes every alert until a further node "
            "is given slots",
            f"Add no node, or leave cluster mode. {NO_CLUSTER}",
        )
    return None


def _replica(facts: Facts) -> Finding | None:
    if facts.role != "slave":
        return None
    stale = "" if facts.link_up else ", and it has lost its master: what it shows is old"
    return Finding(
        "replica",
        f"this server is a replica{stale}: it takes no alerts",
        "Set VIGIE_REDIS to the master, or to the Sentinels (redis+sentinel://host:26379/NAME/0); "
        "INFO replication names the master",
    )


def _eviction(facts: Facts) -> Finding | None:
    policy = facts.maxmemory_policy or ""
    # Of the volatile policies Vigie's keys are safe: they do not expire.
    if not policy.startswith("allkeys") or not facts.maxmemory:
        return None
    return Finding(
        "eviction",
        f"when its memory is full (maxmemory {facts.maxmemory}), this server throws away whole queues of alerts "
        f"(maxmemory-policy {policy})",
        "Type CONFIG SET maxmemory-policy noeviction, then CONFIG REWRITE: alerts then wait in Kafka until there is "
        "room",
    )


def _persistence(facts: Facts) -> Finding | None:
    if facts.appendonly is False and facts.save == "":
        return Finding(
            "no-persistence",
            "this server keeps nothing on disk: a restart loses every alert (appendonly no, no save points)",
            f"Type {_PERSIST}, then CONFIG REWRITE",
        )
    if facts.appendonly is False:
        often = f" (appendonly no, save {facts.save})" if facts.save else " (appendonly no)"
        return Finding(
            "snapshots-only",
            f"this server writes to disk now and then: a restart loses the alerts since its last snapshot{often}",
            f"Type {_PERSIST}, then CONFIG REWRITE",
        )
    if facts.appendonly and facts.appendfsync == "no":
        return Finding(
            "no-fsync",
            "this server leaves it to its system when alerts reach the disk: a power cut may lose the last half minute "
            "(appendfsync no)",
            "Type CONFIG SET appendfsync everysec, then CONFIG REWRITE",
        )
    return None


def _replication(facts: Facts) -> Finding | None:
    if facts.role == "slave" or not facts.replicas or facts.min_replicas_to_write != 0:
        return None
    return Finding(
        "min-replicas",
        f"this master takes alerts even when none of its replicas ({facts.replicas}) follows: what it takes while it "
        "is cut off from them is lost once one of them becomes master (min-replicas-to-write 0)",
        "Type CONFIG SET min-replicas-to-write 1, then CONFIG REWRITE: alerts then wait in Kafka meanwhile",
    )


def _unchecked(facts: Facts) -> Finding | None:
    if not facts.config_refused:
        return None
    return Finding(
        "unchecked",
        f"this server does not tell its settings ({facts.config_refused}): appendfsync, save and min-replicas-to-write "
        "could not be checked",
        "Ask whoever runs it for appendonly yes, appendfsync everysec, and min-replicas-to-write 1 if it has replicas",
    )
