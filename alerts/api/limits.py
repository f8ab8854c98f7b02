"""How often a token may ask: a bucket each, which fills at a steady rate. Pure but for its memory."""


class Limits:
    """At most `per_minute` requests of a token at once, and as many a minute. Not for several threads."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, token_id: str, now: float) -> float:
        """0 where a request may be answered now, which is counted; else how long until one may. Monotonic seconds."""
        level, then = self._buckets.get(token_id, (float(self._per_minute), now))
        level = min(self._per_minute, level + (now - then) * self._per_minute / 60)
        if level < 1:
            self._buckets[token_id] = (level, now)
            return (1 - level) * 60 / self._per_minute
        self._buckets[token_id] = (level - 1, now)
        return 0.0
