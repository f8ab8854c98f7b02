"""Never more messages an hour than a subscription allows, and nothing lost for it. Pure.

Of the messages of any hour the last one is kept for the digest: what comes after the others is held for that, and the
digest says how many were held, and why.
"""

from collections.abc import Sequence

HOUR_SECONDS = 3600.0


def room(sent: Sequence[float], now: float, per_hour: int) -> int:
    """How many messages may still go, by when earlier ones were sent; a clock set back frees nothing."""
    return per_hour - sum(moment > now - HOUR_SECONDS for moment in sent)


def may_push(sent: Sequence[float], now: float, per_hour: int) -> bool:
    """Whether a message of its own may go now."""
    return room(sent, now, per_hour) > 1


def digest_is_due(held_since: float | None, sent: Sequence[float], now: float, per_hour: int, wait: float) -> bool:
    """Whether what is held since then (None: nothing is) has waited long enough, `wait` seconds, and may go."""
    return held_since is not None and now - held_since >= wait and room(sent, now, per_hour) >= 1
