from pathlib import Path

import pytest

from alerts.console.options import ConsoleOptions, checked
from detectors.errors import UnusableInput


def test_on_this_machine_with_the_login_for_trying_out() -> None:
    assert checked(ConsoleOptions(dev_login=True, clearances=Path("c.toml"))) == Path("c.toml")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (ConsoleOptions(clearances=Path("c.toml")), "--dev-login"),
        (ConsoleOptions(dev_login=True), "--clearances"),
        (ConsoleOptions(dev_login=True, clearances=Path("c.toml"), console_host="0.0.0.0"), "127.0.0.1"),
        (ConsoleOptions(dev_login=True, clearances=Path("c.toml"), console_host="10.1.2.3"), "127.0.0.1"),
        (ConsoleOptions(dev_login=True, clearances=Path("c.toml"), console_host="console.example"), "127.0.0.1"),
    ],
)
def test_whoever_would_be_let_in_unknown_is_kept_out(options: ConsoleOptions, says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        checked(options)
