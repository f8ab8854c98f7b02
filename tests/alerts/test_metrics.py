from collections import Counter

from prometheus_client import CollectorRegistry

from alerts.caseload import Caseload
from alerts.metrics import AlertMetrics
from tests.alerts.making import NOW


def test_names_follow_the_conventions_and_no_label_names_a_firm() -> None:
    registry = CollectorRegistry()
    metrics = AlertMetrics(registry)
    metrics.published.labels("21", "strong", "raised").inc()
    metrics.notices.labels("push").inc()
    metrics.swept.labels("escalated").inc()
    metrics.notifications.labels("webhook", "sent").inc()
    models = {f"vote-model:2026-0{month}-abc:useful": month for month in range(1, 8)}
    counted = {"vote:strong:raised:useful": 3, "outcome:close:ok": 1, "pushed:2026-03": 9, "measure:ccsf:proposed": 4}
    metrics.desk_counts(counted | models)
    metrics.caseload(Caseload(Counter(["new", "new"]), {"new": NOW}, Counter({"21": 2}), frozenset({"a.martin"})))
    families = list(registry.collect())
    assert len(families) == 20
    for family in families:
        assert family.name.startswith("vigie_")
        assert family.documentation.endswith(".")
        assert family.type in ("histogram", "counter", "gauge")
        assert family.type != "histogram" or family.name.endswith("_seconds")
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert labels == {
        *("department", "tier", "kind", "le"),
        *("notice", "change", "vote", "version", "action", "outcome", "state", "measure", "result"),
    }
    shown = [sample.labels["version"] for family in families for sample in family.samples if "version" in sample.labels]
    assert sorted(shown) == [f"2026-0{month}-abc" for month in range(3, 8)], "the newest models alone"
