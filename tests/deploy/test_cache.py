from pathlib import Path

import pytest

from deploy.cache import user_cache


@pytest.mark.parametrize("environ", [{}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}])
def test_without_an_absolute_cache_home_the_home_folder_serves(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/agent")
    assert user_cache(environ) == Path("/home/agent/.cache/vigie")


def test_the_cache_home_of_the_session_serves() -> None:
    assert user_cache({"XDG_CACHE_HOME": "/var/cache/agent"}) == Path("/var/cache/agent/vigie")
