from vigie.variables import known, unknown


def test_a_mistyped_name_is_told_with_the_nearest() -> None:
    assert {"VIGIE_KAFKA", "VIGIE_KAFKA_PASSWORD", "VIGIE_REDIS", "VIGIE_CONFIG", "VIGIE_WORKER_ROLES"} <= known()
    given = ["PATH", "VIGIE_KAFKA_PASSWORD_FILE", "VIGIE_METRICS_PORT", "VIGIE_KAFAK", "VIGIE_QQQQQQQQ"]
    assert list(unknown(given)) == [("VIGIE_KAFAK", "VIGIE_KAFKA"), ("VIGIE_QQQQQQQQ", "")]
