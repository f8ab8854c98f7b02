import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.connect import HIDDEN, connect, connect_async, has_password, safe_url
from alerts.sentinel import watched
from detectors.errors import UnusableInput


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
        ("rediss://agent:s3cret@redis.example:7000/2?ssl_cert_reqs=none", "rediss://redis.example:7000/2"),
        ("redis://:s3cret@[::1]:6380", "redis://[::1]:6380/0"),
        ("unix:///run/valkey.sock?password=s3cret", "unix:///run/valkey.sock"),
        (
            "redis+sentinel://agent:s3cret@h1,[::1]:7000/mymaster?sentinel_password=s3cret",
            "redis+sentinel://h1:26379,[::1]:7000/mymaster/0",
        ),
        ("rediss+sentinel://h1:1/mymaster/2", "rediss+sentinel://h1:1/mymaster/2"),
        ("redis+sentinel://:s3c/ret@h1:1/mymaster/0", HIDDEN),
        ("redis+sentinel://h1,:s3cret@/mymaster/0", HIDDEN),
        ("redis+sentinel://h1/s3cret@mymaster", HIDDEN),
        ("redis://:s3c/ret@host:1/0", HIDDEN),
        ("redis://:12/s3cret@host", HIDDEN),
        ("redis://:s3#cret@host/0", HIDDEN),
        ("http://s3cret", HIDDEN),
        ("s3cret", HIDDEN),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert safe_url(url) == shown


@given(password=st.text("abc/?#@:%[]é", min_size=1).map(lambda text: f"s3cret{text}s3cret"))
def test_no_password_shows_however_badly_written(password: str) -> None:
    assert "s3cret" not in safe_url(f"redis://agent:{password}@host:6379/0")
    assert "s3cret" not in safe_url(f"redis+sentinel://agent:{password}@h1:1,h2:2/mymaster/0")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://x",
        "redis://:s3c/ret@host:1/0",
        "redis://host:port/0",
        "redis://[::1",
        "redis+sentinel://h1:1",
        "redis+sentinel://h1:1/mymaster/zero",
        "redis+sentinel://:s3c/ret@h1:port/mymaster/0",
        "redis+sentinel:///mymaster/0",
    ],
)
def test_what_is_no_url_is_refused_without_being_quoted(url: str) -> None:
    for make in (connect, connect_async):
        with pytest.raises(UnusableInput, match="VIGIE_REDIS") as raised:
            make(url, 1)
        assert "ret@" not in str(raised.value)


def test_a_url_of_sentinels_says_all_that_the_clients_need() -> None:
    found = watched("rediss+sentinel://agent:p%2Fw@h1,[::1]:7000/mymaster/2?sentinel_password=own&ssl_ca_certs=/ca.pem")
    assert found.sentinels == (("h1", 26379), ("::1", 7000))
    assert found.name == "mymaster"
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert found.servers == {"username": "agent", "password": "p/w", "db": 2} | tls
    assert found.sentinels_own == {"password": "own"} | tls
    assert "own" not in repr(found)


@pytest.mark.parametrize(
    "url", ["redis://u:p@h", "redis://:p@h:1/0", "unix://u:p@/s", "redis://u:a/b@h", "unix:///s?password=p"]
)
def test_urls_that_hold_a_password(url: str) -> None:
    assert has_password(url)


@pytest.mark.parametrize("url", ["redis://h:1/0", "redis://u@h:1/0", "rediss://h?ssl_ca_certs=/a.pem", "unix:///run/s"])
def test_urls_that_hold_none(url: str) -> None:
    assert not has_password(url)
