"""Cases and alerts for the tests of the desk, dated from one day on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.alert import Alert, Evidence
from alerts.cases import Case
from alerts.joining import join
from tests.alerts.samples import an_alert

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LIVE_DAYS = 45.0


def live(number: int = 0, **changes: Any) -> Alert:
    """An alert of today: raised at `NOW` and hours later, as of the day before."""
    at = NOW + timedelta(hours=number)
    fields: dict[str, Any] = {"id": f"alert-{number}", "raised_at": at, "as_of": (at - timedelta(days=1)).date()}
    return an_alert(**fields | changes)


def lowered(number: int = 1, tier: str = "none", **changes: Any) -> Alert:
    return live(number, kind="lowered", tier=tier, previous_tier="strong", probability=0.05, **changes)


def a_case(*alerts: Alert) -> Case:
    """The case that some alerts of one firm make."""
    case: Case | None = None
    for alert in alerts or (live(),):
        case = join(case, alert, "21", LIVE_DAYS).case
    assert case is not None
    return case


def evidence(**values: float | None) -> list[Evidence]:
    return [Evidence(name, value, None) for name, value in values.items()]
