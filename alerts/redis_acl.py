"""The rights of Redis users, made from clearances: an ACL file, or the commands that say the same.

A user's first rights are for reading; what it may write stands in selectors of their own (Redis 7, Valkey), so that
the right to append to the audit log is none to append alerts. Reading by XREADGROUP is a program's alone: with a mere
right to read a key it moves a consumer group's place, for everybody.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from alerts.clearance import Clearance, Role
from alerts.masking import ALL_DATA
from alerts.routing import (
    AUDIT_HEAD_KEY,
    AUDIT_KEY,
    CONSOLE_KEYS,
    GLASS_KEYS,
    HELD_KEYS,
    QUEUES,
    TOKENS_KEY,
    aside_key,
    case_patterns,
    patterns,
    stream_key,
)

_CONNECTION = "+ping +select"
_SCRIPTS = "+evalsha +script|load"
_READ = (
    "+xread +xrange +xrevrange +xlen +zscore +zrange +zrevrange +zrangebyscore +zcard +zcount +get +mget +exists +hget "
    "+hmget +hgetall"
)
_ALERTS = patterns("*")
_WRITE_CASES = f"+get +set +hget +hset +hincrby +zscore +zadd +zrem +xlen +xadd {_SCRIPTS} +time"
_TAKE = "+xgroup|create +xreadgroup +xack +xclaim +xautoclaim +xpending +xrange"
"""What a program does with its department's stream (`alerts.groups`): it appends nothing, and ends no group."""
_APPEND_AUDIT = f"(%W~{AUDIT_KEY} ~{AUDIT_HEAD_KEY} +xadd +hmget +hset +time {_SCRIPTS})"
_READ_AUDIT = f"(%R~{AUDIT_KEY} +xrange +xrevrange +xlen)"
_PURGE_AUDIT = f"(%W~{AUDIT_KEY} +xtrim)"
_SERVE = f"+@read +@write -@dangerous -del -unlink +info +time {_SCRIPTS}"
"""A program of Vigie's own over all queues: it trims them and rebuilds them, and deletes none."""
_ERASE = "+del +unlink"
_ERASE_BESIDE = f"(~{GLASS_KEYS} ~{HELD_KEYS} +type +del +xrange +xdel +lrange +lrem)"
"""What is about a firm beside the queues."""
_SESSIONS = f"(~{CONSOLE_KEYS} +get +mget +set +del +zadd +zrem +zrange +zremrangebyscore +xadd +xrange +hget +hset)"
_TELL = (
    "(~vigie:notifier* +get +set +del +pexpire +hget +hset +hgetall +hdel +rpush +lpush +lrange +llen +lindex +ltrim "
    "+watch +unwatch +multi +exec)"
)
"""`vigie notify`, beside what it reads."""
_READ_TOKENS = f"(%R~{TOKENS_KEY} +hget)"
"""The console; hashes alone are there."""
_GIVE_TOKENS = f"(~{TOKENS_KEY} +hgetall +hset +hdel)"


def acl_file(clearances: Iterable[Clearance], passwords: dict[str, str]) -> list[str]:
    """Lines of a Redis ACL file; only hashes of the passwords stand in it. The user `default` is switched off."""
    return [f"user {rule}" for rule in _rules(clearances, passwords)]


def commands(clearances: Iterable[Clearance], passwords: dict[str, str]) -> list[str]:
    """The same as commands for a running server. That which switches `default` off comes last."""
    return [f"ACL SETUSER {rule}" for rule in _rules(clearances, passwords)]


def _rules(clearances: Iterable[Clearance], passwords: dict[str, str]) -> Iterator[str]:
    for clearance in clearances:
        digest = hashlib.sha256(passwords[clearance.user].encode()).hexdigest()
        yield f"{clearance.user} reset on #{digest} {' '.join(rights(clearance))}"
    yield "default off"


def rights(clearance: Clearance) -> list[str]:
    """The parts of a user's rule behind its password, in Redis' own language."""
    parts = [_CONNECTION]
    # Redis gives a whole case or none: whoever does not see all data of a firm has the console and the API alone.
    seen = clearance.queues if clearance.data == ALL_DATA else ()
    if "program" in clearance.roles:
        return [*parts, *_program(seen)]
    queues = ("*",) if seen == QUEUES or "console" in clearance.roles else seen
    if queues:
        parts += [f"%R~{pattern}" for queue in queues for pattern in patterns(queue)]
        parts.append(_READ)
    if queues and {"agent", "supervisor", "console"} & {*clearance.roles}:
        parts.append(f"({_keys(case_patterns(queue) for queue in queues)} {_WRITE_CASES})")
    for role in clearance.roles:
        parts += _OVER_ALL.get(role, ())
    # A dispatcher does nothing that people are to be told of, and reads no audit log either.
    return parts if set(clearance.roles) == {"dispatcher"} else [*parts, _APPEND_AUDIT]


def _program(queues: Sequence[str]) -> Iterator[str]:
    """Its queues' streams and what it sets aside, each with its own commands; scripts ask for both at once."""
    if queues:
        streams, asides = [stream_key(q) for q in queues], [aside_key(q) for q in queues]
        yield f"({_keys([streams])} {_TAKE})"
        yield f"({_keys([asides])} +xadd)"
        yield f"({_keys([streams, asides])} {_SCRIPTS})"


def _keys(groups: Iterable[Sequence[str]]) -> str:
    return " ".join(f"~{pattern}" for group in groups for pattern in group)


_OVER_ALL: dict[Role, tuple[str, ...]] = {
    "dispatcher": (f"({_keys([_ALERTS])} {_SERVE})", _TELL),
    "operator": (f"({_keys([_ALERTS])} {_SERVE} {_ERASE})", _ERASE_BESIDE, _SESSIONS, _GIVE_TOKENS),
    "console": (_SESSIONS, _READ_TOKENS),
    "auditor": (_READ_AUDIT, _PURGE_AUDIT),
}
