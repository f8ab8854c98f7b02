import io
import time

from vigie.meter import Meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_line_in_place_on_a_terminal_and_none_left() -> None:
    screen = Terminal()
    with Meter(lambda: "half way", screen) as meter:
        while "half way" not in screen.getvalue():
            time.sleep(0.01)
        meter.say("by the way")
    text = screen.getvalue()
    assert text.startswith("\r\x1b[Khalf way")
    assert "\r\x1b[Kby the way\n" in text
    assert text.count("\n") == 1
    assert text.endswith("\r\x1b[K")


def test_plain_lines_elsewhere() -> None:
    stream = io.StringIO()
    with Meter(lambda: "half way", stream, plain_seconds=0.01) as meter:
        while stream.getvalue().count("half way\n") < 2:
            time.sleep(0.01)
        meter.say("by the way")
    lines = stream.getvalue().splitlines()
    assert set(lines) == {"half way", "by the way"}


def test_what_is_done_at_once_shows_no_meter() -> None:
    stream = io.StringIO()
    with Meter(lambda: "half way", stream):
        pass
    assert stream.getvalue() == ""
