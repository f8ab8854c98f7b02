from itertools import islice

import pytest
from redis import exceptions

from alerts.errors import RedisRefused, RedisUnavailable
from alerts.outage import code_of, passes, translate, waits


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.ConnectionError("Error 111 connecting"), "connection"),
        (exceptions.TimeoutError("Timeout reading"), "timeout"),
        (exceptions.BusyLoadingError("Redis is loading the dataset in memory"), "LOADING"),
        (exceptions.ReadOnlyError("You can't write against a read only replica."), "READONLY"),
        (exceptions.OutOfMemoryError("command not allowed"), "OOM"),
        (exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "MISCONF"),
        (exceptions.ResponseError("ERR Error running script (call to f_1): @user_script:5: -OOM command"), "OOM"),
        (exceptions.ResponseError("HELD the alert before this one"), "HELD"),
        (exceptions.ResponseError("BUSY Redis is busy running a script."), "BUSY"),
    ],
)
def test_outages_pass_by_themselves(error: Exception, code: str) -> None:
    assert code_of(error) == code
    assert passes(error)
    assert isinstance(translate(error, "here"), RedisUnavailable)
    assert "VIGIE_REDIS" in str(translate(error, "here"))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (exceptions.NoPermissionError("User x has no permissions"), "rights it lacks"),
        (exceptions.ResponseError("ACL failure in script: User x has no permissions"), "rights it lacks"),
        (exceptions.ResponseError("ERR The user executing the script can't run this command"), "rights it lacks"),
        (exceptions.AuthenticationError("invalid username-password pair"), "user and password"),
        (exceptions.ResponseError("WRONGTYPE Operation against a key"), "RENAME"),
        (exceptions.MovedError("1234 10.0.0.1:6379"), "proxy"),
        (exceptions.InvalidResponse("Protocol Error"), "log"),
    ],
)
def test_what_lasts_says_what_to_do(error: Exception, advice: str) -> None:
    assert not passes(error)
    assert isinstance(translate(error, "here"), RedisRefused)
    assert advice in str(translate(error, "here"))


def test_pauses_double_to_the_longest_and_are_shortened_at_random() -> None:
    assert list(islice(waits(lambda: 0.0, 0.1, 0.5), 5)) == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])
    assert list(islice(waits(lambda: 1.0, 0.1, 0.5), 3)) == pytest.approx([0.05, 0.1, 0.2])
