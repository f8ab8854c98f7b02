"""A Chromium without a window, for the tests of the pages and for their pictures. Debian's own; none is fetched."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

SETTING = "VIGIE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no Chromium: `apt-get install --no-install-recommends chromium`, or name one with {SETTING}"


def executable(environment: Mapping[str, str]) -> str | None:
    """The program that the setting names, or one that is found on PATH; None where there is none."""
    named = environment.get(SETTING)
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """The browser. Until the end, this thread has an event loop that runs: `asyncio.run` is for other threads."""
    # Root has no sandbox; small containers have little shared memory.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
