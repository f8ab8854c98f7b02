"""The options of this package."""

from dataclasses import dataclass

from detectors.options import option


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker runs."""

    frozen: bool = option(False, "Score with the given model alone: no learning, no newer model")
    exit_when_idle: float = option(0.0, "Stop after this long with nothing to do; 0 never stops", unit="seconds")
    batch_records: int = option(2_000, "Most events of a partition worked on together")
    write_timeout_seconds: float = option(
        120.0, "How long a write may wait for Kafka before the worker gives up, to be started again", unit="seconds"
    )
    commit_seconds: float = option(1.0, "Time between two commits of offsets", unit="seconds")
    instance: str = option("", "A name that stays the same over restarts: the group then waits for it, no rebalance")
    session_seconds: float = option(10.0, "How long a silent worker keeps its partitions", unit="seconds")
    stall_seconds: float = option(
        300.0,
        "How long there may be something to do and nothing committed before the worker counts as not live, Kafka and "
        "Redis answering; more than a month takes to learn, 0 is for ever",
        unit="seconds",
    )
    standbys: int = option(
        0, "Workers that mirror each partition's state: each costs half again the CPU, and recovery takes seconds"
    )
    hot_firms: int = option(
        50_000,
        "Most firms kept unpacked in memory, some 3.5 KB each; the others take a record of some 0.4 KB, and some 20 us "
        "more when an event of theirs comes",
    )
    live_clock: bool = option(
        True, "End months by the wall clock where nothing happens, on partitions that have reached the present"
    )
    alerts_retention_days: float = option(
        365.0,
        "How long an alert stays in its queue in Redis, longer where a consumer group still needs it; 0 for ever",
        unit="days",
    )
    canary_seconds: float = option(
        0.0,
        "Send an event of no firm's this often, whose alert must arrive in a queue that no agent sees; 0 sends none",
        unit="seconds",
    )
