from prometheus_client import CollectorRegistry

from alerts.metrics import AlertMetrics


def test_names_follow_the_conventions_and_no_label_names_a_firm() -> None:
    registry = CollectorRegistry()
    metrics = AlertMetrics(registry)
    metrics.published.labels("21", "strong", "raised").inc()
    families = list(registry.collect())
    assert len(families) == 9
    for family in families:
        assert family.name.startswith("vigie_")
        assert family.documentation.endswith(".")
        assert family.type in ("histogram", "counter", "gauge")
        assert family.type != "histogram" or family.name.endswith("_seconds")
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert labels <= {"department", "tier", "kind", "cause", "le"}
