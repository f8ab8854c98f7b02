"""What a measured program is told, through its environment: its command line is its engine's own."""

import os
from dataclasses import dataclass
from pathlib import Path

PREFIX = "PEER_"


@dataclass(frozen=True)
class Given:
    """Servers, names and folders of one run of one program."""

    kafka: str
    redis: str
    topic: str
    run: str
    """Names what is this run's alone: groups, changelogs, the stream of alerts."""
    meter: Path
    data: Path
    threshold: float = 0.8
    model: str = "columns"
    """`columns`, or `river` to call River an event at a time where the program works on columns."""
    partitions: int = 4

    @property
    def alerts(self) -> str:
        """The Redis stream of alerts."""
        return f"alerts-{self.run}"

    @property
    def changelog(self) -> str:
        """The topic of state, where the program chooses its name."""
        return f"{self.run}-firms-changelog"

    def environment(self) -> dict[str, str]:
        """The same as variables."""
        return {PREFIX + name.upper(): str(value) for name, value in vars(self).items()}


def given() -> Given:
    """What this process was told."""
    of = {name: os.environ[PREFIX + name.upper()] for name in Given.__dataclass_fields__}
    return Given(
        kafka=of["kafka"],
        redis=of["redis"],
        topic=of["topic"],
        run=of["run"],
        meter=Path(of["meter"]),
        data=Path(of["data"]),
        threshold=float(of["threshold"]),
        model=of["model"],
        partitions=int(of["partitions"]),
    )
