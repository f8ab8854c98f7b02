from vigie.variables import known, unknown


def test_what_commands_read_is_known_and_a_mistyped_name_is_told_with_the_nearest() -> None:
    names = known()
    assert names is not None
    assert {"VIGIE_KAFKA", "VIGIE_KAFKA_PASSWORD", "VIGIE_REDIS", "VIGIE_CONFIG", "VIGIE_WORKER_ROLES"} <= names
    given = ["PATH", "VIGIE_KAFKA_PASSWORD_FILE", "VIGIE_METRICS_PORT", "VIGIE_KAFAK", "VIGIE_QQQQQQQQ"]
    assert list(unknown(given, names)) == [("VIGIE_KAFAK", "VIGIE_KAFKA"), ("VIGIE_QQQQQQQQ", "")]
