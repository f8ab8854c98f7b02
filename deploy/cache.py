"""Where a user's fetched files are kept, for every clone and every run of theirs."""

from collections.abc import Mapping
from pathlib import Path


def user_cache(environ: Mapping[str, str]) -> Path:
    """Vigie's folder in the user's cache: $XDG_CACHE_HOME/vigie where that is an absolute path, else ~/.cache/vigie.

    >>> user_cache({"XDG_CACHE_HOME": "/tmp/cache"})
    PosixPath('/tmp/cache/vigie')
    """
    # The XDG base directory specification: a relative path is invalid and to be ignored.
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "vigie"
