"""Which faults come, in which order, when and for how long: all from a seed, so that a run can be had again."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

Kind = Literal[
    "scorer killed",
    "scorer killed and late",
    "scorer frozen past its session",
    "scorer leaves as another joins",
    "scorer without disk",
    "scorer's clock steps",
    "trainer killed",
    "dispatcher killed",
    "all workers killed",
    "kafka killed",
    "kafka without disk",
    "kafka frozen",
    "kafka slow",
    "kafka cut",
    "kafka silent",
    "kafka deaf",
    "redis killed",
    "redis frozen",
    "redis full",
    "redis without disk",
    "redis slow",
    "redis cut",
    "redis silent",
    "redis deaf",
]
ClusterKind = Literal[
    "leader killed",
    "leader stopped",
    "leader frozen past its session",
    "controller killed",
    "coordinator killed",
    "brokers stopped in turn",
    "too few in sync",
    "two brokers killed",
    "all brokers killed",
]
"""What befalls several brokers that are one cluster."""
ClockKind = Literal[
    "kafka's clock steps",
    "redis' clock steps",
    "dispatcher's clock steps",
    "scorer's clock jumps",
    "all clocks step",
]
"""What befalls wall clocks: the servers' own, and workers'."""
SEED = int(os.environ.get("VIGIE_SOAK_SEED", "1"))
STORMS = int(os.environ.get("VIGIE_SOAK_STORMS", "0"))
"""Long storms, each of every kind of fault and with a seed of its own: none in `make test`, some in `make soak`."""
LONG = STORMS > 0
KINDS: tuple[Kind, ...] = get_args(Kind)
CLUSTER_KINDS: tuple[ClusterKind, ...] = get_args(ClusterKind)
CLOCK_KINDS: tuple[ClockKind, ...] = get_args(ClockKind)
AnyKind = Kind | ClusterKind | ClockKind
QUICK: tuple[Kind, ...] = (
    "scorer's clock steps",
    "dispatcher killed",
    "kafka killed",
    "kafka deaf",
    "redis without disk",
    "redis deaf",
)
"""Those of `make test`: what tests/acceptance/test_restart.py does not do there, and that takes no time."""
LONGEST_DELAY_SECONDS = 0.3
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 2.5


@dataclass(frozen=True)
class Fault:
    """One fault: `delay` seconds after there was work for it to strike, for `seconds` where it lasts.

    `share` in [0, 1) chooses among several that could be struck.
    """

    kind: AnyKind
    delay: float
    seconds: float
    share: float


def schedule(seed: int, count: int, kinds: Sequence[AnyKind] = KINDS) -> list[Fault]:
    """So many faults: each kind as often as any other, but for the rest, in an order of the seed's own."""
    random = Random(seed)
    drawn: list[AnyKind] = []
    while len(drawn) < count:
        drawn += random.sample(kinds, len(kinds))
    return [
        Fault(
            kind,
            random.uniform(0, LONGEST_DELAY_SECONDS),
            random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS),
            random.random(),
        )
        for kind in drawn[:count]
    ]
