"""From a department to its queue, and from a queue to its keys in Redis.

All keys of a queue lie in one Redis Cluster slot, so that one script may touch them together: the braces make the
others hash as the stream's own name does. The department is in each name, so that rights are given by it
(`patterns`).
"""

from alerts.departments import NAMES

UNKNOWN = "unknown"
"""The queue of alerts whose firm has no department that exists; nothing is ever dropped for that."""

QUEUES: tuple[str, ...] = (*NAMES, UNKNOWN)
"""Every queue there can be. Whoever watches all departments watches these, so none has to be discovered."""

CANARY_SIREN = "999999990"
"""The SIREN of what proves that alerts arrive (`streams.canary`); its check digit is wrong, and no firm has it."""
CANARY = "canary"
"""The queue of its alerts: none of QUEUES, so no agent is shown them."""


def queue_for(siren: str, department: str | None) -> str:
    """The queue of an alert. Which firm it is of decides whether it is the canary's: a department can be anything."""
    return CANARY if siren == CANARY_SIREN else queue_of(department)


def queue_of(department: str | None) -> str:
    """The queue of a department; `unknown` for None and for what is not the code of one."""
    return department if department in NAMES else UNKNOWN


def stream_key(queue: str) -> str:
    """The stream of a queue: one entry an alert, its JSON in the field `alert`."""
    return f"vigie:alerts:{queue}"


def seen_key(queue: str) -> str:
    """The sorted set of the alert ids in a queue, scored by the milliseconds of their stream entries."""
    return f"vigie:seen:{{{stream_key(queue)}}}"


def totals_key(queue: str) -> str:
    """The hash that counts a queue's alerts by `tier:kind` since the beginning, trimmed ones too."""
    return f"vigie:totals:{{{stream_key(queue)}}}"


def aside_key(queue: str) -> str:
    """The stream of the entries that a consumer group could not work on."""
    return f"vigie:aside:{{{stream_key(queue)}}}"


def case_key(queue: str, siren: str) -> str:
    """The string that is a firm's last case in a queue, as JSON (`alerts.cases.Case`)."""
    return f"vigie:case:{{{stream_key(queue)}}}:{siren}"


def cases_key(queue: str) -> str:
    """The sorted set of the SIRENs with a case: scored by when an open one began, or minus when one ended, in ms."""
    return f"vigie:cases:{{{stream_key(queue)}}}"


def order_key(queue: str) -> str:
    """The sorted set of the SIRENs of open cases in the order of the agents' list: scored as in `alerts.ranking`."""
    return f"vigie:order:{{{stream_key(queue)}}}"


def actions_key(queue: str) -> str:
    """The stream of all that happened to a queue's cases: an entry an alert that told something, or an action."""
    return f"vigie:actions:{{{stream_key(queue)}}}"


def trail_key(queue: str, siren: str) -> str:
    """The sorted set of a firm's entries in the stream of actions, scored by their milliseconds."""
    return f"vigie:trail:{{{stream_key(queue)}}}:{siren}"


def desk_key(queue: str) -> str:
    """The hash of a queue's counts (pushes a month, votes, outcomes) and of how far its old alerts have cases."""
    return f"vigie:desk:{{{stream_key(queue)}}}"


AUDIT_KEY = "vigie:audit"
"""The audit log, a stream."""
AUDIT_HEAD_KEY = f"vigie:audit-head:{{{AUDIT_KEY}}}"
"""A hash: the number and the hash of the audit log's last entry, which whoever appends must know."""


TOKENS_KEY = "vigie:tokens"
"""A hash of what is kept of the API's tokens, by their ids."""


CONSOLE_KEYS = "vigie:console:*"
"""What the web pages keep for themselves: sessions, broken glass, reminders."""
SESSIONS_KEY = "vigie:console:sessions"
"""The sorted set of the hashes of session ids, scored by when they are over at the latest."""

GLASS_KEY = "vigie:console:glass"
"""The stream of who broke the glass for which firm."""
REMINDED_KEY = "vigie:console:reminded"
"""The hash of when people last acknowledged that what they read is confidential, by name."""


GLASS_KEYS = f"{GLASS_KEY}*"
"""That stream, and what is open now."""
HELD_KEYS = "vigie:notifier-held:*"
"""What `vigie notify` holds for its digests (`alerts.notify.ledger`)."""


def glass_key(queue: str, siren: str, name: str) -> str:
    """The string that says that a firm is open to somebody for a time."""
    return f"vigie:console:glass:{queue}:{siren}:{name}"


def session_key(id_hash: str) -> str:
    """The string that is a session."""
    return f"vigie:console:session:{id_hash}"


_CASE_KEYS = ("case", "cases", "order", "actions", "trail", "desk")
"""What agents write: the first part of the names of such keys."""


def patterns(queue: str) -> tuple[str, ...]:
    """The key patterns that are a queue's, all of them and no other queue's, for the rights of a Redis user.

    Every key of a queue but its stream holds the stream's name in braces, so that keys added later are covered.
    """
    return (stream_key(queue), f"vigie:*:{{{stream_key(queue)}}}*")


def case_patterns(queue: str) -> tuple[str, ...]:
    """Those of them that hold what agents do about the alerts."""
    return tuple(f"vigie:{name}:{{{stream_key(queue)}}}*" for name in _CASE_KEYS)
