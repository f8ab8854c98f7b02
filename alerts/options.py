"""The options of the agents' side."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from detectors.options import option


@dataclass(frozen=True)
class AlertsOptions:
    """Where alerts are kept, how they are worded, and how patiently Redis is waited for."""

    redis: str = option(
        "redis://127.0.0.1:6379/0",
        "Redis that holds the alerts: redis://, rediss:// (TLS), unix:// or redis+sentinel://, with user and password "
        "where it wants them",
        secret=True,
    )
    language: Literal["fr", "en"] = option("fr", "language of reasons and headlines")
    redis_timeout_seconds: float = option(5.0, "how long Redis may take to answer", unit="seconds")
    redis_first_wait_seconds: float = option(0.05, "first pause when Redis does not answer", unit="seconds")
    redis_longest_wait_seconds: float = option(5.0, "longest pause between two tries", unit="seconds")


@dataclass(frozen=True)
class AuditOptions:
    """How long the audit log is kept."""

    audit_days: int = option(365, "how long entries of the audit log are kept", unit="days")


@dataclass(frozen=True)
class OrientationOptions:
    """What support is proposed to firms."""

    measures: Path | None = option(None, "catalogue of support measures (TOML); by default the one that is shipped")  # noqa: RUF009  `option` makes a field
