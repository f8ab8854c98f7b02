import io
import json
import logging
from collections.abc import Iterator

import pytest

from vigie import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What other tests log with is left as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(form: str, level: str = "info") -> list[str]:
    stream = io.StringIO()
    logs.start(form, level, stream)
    log = logging.getLogger("vigie.test")
    log.debug("unseen %d", 1)
    log.info("an alert is raised", extra={"alert": "a1", "event": "vigie.events/3/17"})
    try:
        int("bad")
    except ValueError:
        log.exception("it failed: %s", "why")
    logging.getLogger("aiokafka.consumer").info("rebalanced")
    return stream.getvalue().splitlines()


def test_json_is_an_object_a_line_with_what_it_is_about() -> None:
    first, second = map(json.loads, logged("json"))
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "vigie.test",
        "message": "an alert is raised",
        "alert": "a1",
        "event": "vigie.events/3/17",
    }
    assert second["level"] == "error"
    assert second["message"] == "it failed: why"
    assert second["error"].endswith("base 10: 'bad'")


def test_console_is_a_line_that_ends_with_what_it_is_about() -> None:
    first, second, *traceback = logged("console")
    assert first.endswith("INFO vigie.test: an alert is raised alert=a1 event=vigie.events/3/17")
    assert second.endswith("ERROR vigie.test: it failed: why")
    assert traceback[-1].startswith("ValueError: ")


def test_debug_shows_more_and_the_libraries_no_more() -> None:
    assert [json.loads(line)["level"] for line in logged("json", "debug")] == ["debug", "info", "error"]
