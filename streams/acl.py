"""Which Kafka user may do what: a user for each role, with the rights that its work asks for and no others.

The rights are those of Kafka's own authorizer, which refuses whatever no rule allows (unless
`allow.everyone.if.no.acl.found` is set: do not). Writing implies describing, and from Kafka 3 on the producer id of an
idempotent writer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec
from kafka import errors
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from detectors.options import option
from streams.cluster import Cluster, ClusterError, reach, told
from streams.kafka_client import opened
from streams.topics import (
    ALERTS,
    APP_ID,
    CHANGELOG,
    DEAD_LETTERS,
    DISPATCHER_GROUP,
    EVENTS,
    EXAMPLES,
    MODELS,
    TRAINER_GROUP,
)

Resource = Literal["topic", "group"]
_PREFIX = "vigie"
"""What the names of all topics and groups begin with."""
_ANY_HOST = "*"


@dataclass(frozen=True)
class Principals:
    """The Kafka users of the roles; several roles of one worker may share a user, which then has the rights of all."""

    scorer_user: str = option("vigie-scorer", "Kafka user of workers that score.")
    trainer_user: str = option("vigie-trainer", "Kafka user of workers that train.")
    dispatcher_user: str = option("vigie-dispatcher", "Kafka user of workers that dispatch alerts.")
    partner_user: str = option("vigie-partner", "Kafka user of `vigie ingest`.")
    operator_user: str = option(
        "vigie-operator", "Kafka user of `vigie topics create`, `seed`, `status` and `dead-letters`."
    )


class Right(NamedTuple):
    """A user may do this with a resource, or with all whose name begins so where `prefixed`."""

    user: str
    resource: Resource
    name: str
    operation: str
    """Kafka's own word, as its tools spell it."""
    prefixed: bool = False


class Applied(msgspec.Struct, frozen=True):
    """What became of the rights: `extra` are others that these users have, in words; they are left."""

    added: int
    present: int
    extra: tuple[str, ...]


def rights(users: Principals) -> tuple[Right, ...]:
    """Every right of every role, each once."""
    return tuple(dict.fromkeys(_rights(users)))


def _rights(users: Principals) -> Iterator[Right]:
    scorer, trainer, dispatcher = users.scorer_user, users.trainer_user, users.dispatcher_user
    yield from _topics(scorer, "Read", EVENTS, MODELS, CHANGELOG)
    # Events too: the end of a month in which nothing came is an event.
    yield from _topics(scorer, "Write", EVENTS, ALERTS, EXAMPLES, CHANGELOG, DEAD_LETTERS)
    yield Right(scorer, "group", APP_ID, "Read")
    yield from _topics(trainer, "Read", EXAMPLES, MODELS)
    yield from _topics(trainer, "Write", MODELS)
    # How many partitions there are.
    yield from _topics(trainer, "Describe", EVENTS)
    yield Right(trainer, "group", TRAINER_GROUP, "Read")
    yield from _topics(dispatcher, "Read", ALERTS)
    yield from _topics(dispatcher, "Write", DEAD_LETTERS)
    yield from _topics(dispatcher, "Describe", EVENTS)
    yield Right(dispatcher, "group", DISPATCHER_GROUP, "Read")
    yield from _topics(users.partner_user, "Write", EVENTS)
    for operation in ("Create", "Describe", "DescribeConfigs", "AlterConfigs", "Alter", "Read", "Write"):
        yield Right(users.operator_user, "topic", _PREFIX, operation, prefixed=True)
    for operation in ("Describe", "Read", "Delete"):
        yield Right(users.operator_user, "group", _PREFIX, operation, prefixed=True)


def _topics(user: str, operation: str, *names: str) -> Iterator[Right]:
    return (Right(user, "topic", name, operation) for name in names)


def commands(wanted: Iterable[Right], bootstrap: str) -> list[str]:
    """The same as commands of Kafka's own tool, for who administers the cluster without Vigie."""
    return [
        f"kafka-acls.sh --bootstrap-server {bootstrap} --command-config admin.properties --add "
        f"--allow-principal 'User:{r.user}' --operation {r.operation} --{r.resource} '{r.name}'"
        + (" --resource-pattern-type prefixed" if r.prefixed else "")
        for r in wanted
    ]


def apply(cluster: Cluster, wanted: Iterable[Right]) -> Applied:
    """Give the users the rights that they lack; may be run again. Others that they have are told, not taken.

    Asks for the right to alter the cluster, which none of the roles has. Raises ClusterUnreachable, NotAuthorised or
    ClusterError.
    """
    reach(cluster)
    with opened(KafkaAdminClient, cluster) as client, told(cluster, "giving rights"):
        return _applied(client, cluster, [_acl(right) for right in wanted])


def _applied(client: KafkaAdminClient, cluster: Cluster, wanted: list[ACL]) -> Applied:
    present = [acl for user in sorted({acl.principal for acl in wanted}) for acl in _of(client, user)]
    missing = [acl for acl in wanted if acl not in present]
    failed = client.create_acls(missing)["failed"] if missing else []
    for error in failed:
        if issubclass(error, errors.AuthorizationError):
            raise error
        raise ClusterError(f"the cluster at {cluster.kafka} did not give a right: {error.__name__}.")
    extra = [_words(acl) for acl in present if acl not in wanted]
    return Applied(len(missing), len(wanted) - len(missing), tuple(sorted(extra)))


def _of(client: KafkaAdminClient, principal: str) -> list[ACL]:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = client.describe_acls(
        ACLFilter(principal, None, ACLOperation.ANY, ACLPermissionType.ANY, resource_pattern=anything)
    )
    return list(found)


def _acl(right: Right) -> ACL:
    kind = ACLResourcePatternType.PREFIXED if right.prefixed else ACLResourcePatternType.LITERAL
    pattern = ResourcePattern(ResourceType[right.resource.upper()], right.name, kind)
    return ACL(f"User:{right.user}", _ANY_HOST, _OPERATIONS[right.operation], ACLPermissionType.ALLOW, pattern)


def _words(acl: ACL) -> str:
    pattern = acl.resource_pattern
    resource = f"{pattern.resource_type.name.lower()} {pattern.resource_name} ({pattern.pattern_type.name.lower()})"
    return f"{acl.principal} {acl.permission_type.name.lower()} {acl.operation.name} on {resource} from {acl.host}"


_OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Create": ACLOperation.CREATE,
    "Delete": ACLOperation.DELETE,
    "Alter": ACLOperation.ALTER,
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": ACLOperation.ALTER_CONFIGS,
}
