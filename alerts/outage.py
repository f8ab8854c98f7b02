"""Which failures of Redis pass by themselves, which need somebody, and how long to wait between two tries."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import exceptions

from alerts import tls
from alerts.errors import RedisRefused, RedisUnavailable
from detectors.errors import VigieError

PASSING = {
    "LOADING": "it is loading its data",
    "READONLY": "it is a read-only replica",
    "OOM": "it is out of memory; raise maxmemory or trim the queues",
    "MISCONF": "it cannot write its data to disk",
    "MASTERDOWN": "its master is down",
    "NOREPLICAS": "too few replicas follow it",
    "CLUSTERDOWN": "its cluster is down",
    "TRYAGAIN": "its cluster is moving slots",
    "BUSY": "it is busy with another script",
    "HELD": "an alert before this one has still to be delivered",
    "STALE": "a case changed meanwhile",
}
LASTING = ("NOPERM", "WRONGTYPE", "NOAUTH", "WRONGPASS", "NOSCRIPT", "CROSSSLOT", "MOVED")

# redis-py drops the code of the errors that it knows; Redis 6.2 buries that of an error within a script.
_CODE = re.compile(r"\b(" + "|".join((*PASSING, *LASTING)) + r")\b")
_RIGHT_WITHIN_SCRIPT = re.compile("ACL failure in script|The user executing the script can't")
_CODES_BY_CLASS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.MasterDownError, "MASTERDOWN"),
    (exceptions.ClusterDownError, "CLUSTERDOWN"),
    (exceptions.TryAgainError, "TRYAGAIN"),
    (exceptions.NoScriptError, "NOSCRIPT"),
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.AuthenticationError, "WRONGPASS"),
    (exceptions.AuthorizationError, "NOAUTH"),
    (exceptions.AuthenticationWrongNumberOfArgsError, "WRONGPASS"),
    (exceptions.ClusterCrossSlotError, "CROSSSLOT"),
    (exceptions.MovedError, "MOVED"),
    (exceptions.TimeoutError, "timeout"),
    (exceptions.ConnectionError, "connection"),
)

RIGHTS = (
    "publishing needs the keys vigie:* and +evalsha +script|load +zscore +zadd +zrem +hincrby +hget +hset +get +mget "
    "+set +xadd +xlen +xrange; trimming also +exists +time +xinfo|groups +xpending +xtrim +zremrangebyscore, looking "
    "at the server +info +config|get; reading a department's alerts needs its keys (%R~vigie:alerts:21 "
    "%R~vigie:seen:{vigie:alerts:21}) and +xread +xrange +xrevrange +zscore; docs/reference/redis.md has the rest, and "
    "docs/how-to/read-alerts.md what a consumer group needs"
)


NO_CLUSTER = (
    "Set VIGIE_REDIS to a server that is no node of a cluster, to the Sentinels of one with replicas "
    "(redis+sentinel://host:26379/NAME/0), or to a proxy of the cluster that takes every key; docs/how-to/redis.md "
    "says why"
)


def code_of(error: Exception) -> str:
    """A short name for the failure: Redis' own error code, `timeout`, `connection`, or `other`. A metric's label."""
    for cls, code in _CODES_BY_CLASS:
        if isinstance(error, cls):
            return code
    if _RIGHT_WITHIN_SCRIPT.search(str(error)):
        return "NOPERM"
    found = _CODE.search(str(error))
    return found[1] if found else "other"


def passes(error: Exception) -> bool:
    """Whether the same command may succeed later without anybody changing rights or keys."""
    code = code_of(error)
    return code in PASSING or code in ("timeout", "connection")


def translate(error: Exception, where: str) -> VigieError:
    """The error for the user; `where` is the safe form of the URL."""
    code = code_of(error)
    if passes(error):
        why = PASSING.get(code, f"{code}: {error}")
        remedy = tls.remedy(error, where) or "start it, or set VIGIE_REDIS (or --redis) to the address where it runs"
        return RedisUnavailable(f"Redis at {where} does not take commands now ({why}); {remedy}")
    return RedisRefused(f"Redis at {where} refused a command ({code}: {error}); {_remedy(code)}")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """What is done within fails with the error for the user."""
    try:
        yield
    except exceptions.RedisError as error:
        raise translate(error, where) from error


def _remedy(code: str) -> str:
    if code == "NOPERM":
        return f"give the Redis user of VIGIE_REDIS the rights it lacks: {RIGHTS}. `vigie access redis` makes them all"
    if code in ("NOAUTH", "WRONGPASS"):
        return "put the right user and password into VIGIE_REDIS"
    if code == "WRONGTYPE":
        return (
            "another program has written a vigie:* key: rename it (RENAME) and start again, or give Vigie a database "
            "of its own in VIGIE_REDIS"
        )
    if code in ("MOVED", "CROSSSLOT"):
        return f"it is one node of a Redis cluster, and others have some of the keys. {NO_CLUSTER}"
    return "look the answer up in the server's log, mend it and run the same command again: nothing is doubled"


def waits(random: Callable[[], float], first_seconds: float, longest_seconds: float) -> Iterator[float]:
    """Pauses that double from the first to the longest, each shortened by up to half at random.

    `random` gives numbers in [0, 1): many dispatchers must not come back at the same instant.
    """
    pause = first_seconds
    while True:
        yield pause * (1 - random() / 2)
        pause = min(pause * 2, longest_seconds)
