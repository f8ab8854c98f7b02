"""People at their browsers: each with a session of their own, everything that goes wrong kept."""

from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, Page, Request, Response

from tests.alerts.console.site import hidden

PATIENCE_MS = 30_000
WIDE, NARROW = (1280, 900), (360, 740)


class Agents:
    """Opens pages for people. `troubles` are errors of scripts and pages, and requests to other sites."""

    def __init__(self, browser: Browser, home: str, stack: ExitStack) -> None:
        self.home = home
        self.troubles: list[str] = []
        self._browser = browser
        self._stack = stack

    def visitor(self, language: str = "fr", size: tuple[int, int] = WIDE) -> Page:
        """Somebody who has not logged in."""
        context = self._browser.new_context(
            base_url=self.home, locale=language, viewport={"width": size[0], "height": size[1]}
        )
        self._stack.callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("response", self._response)
        return page

    def at(self, name: str, path: str = "/", **how: Any) -> Page:
        """The page at `path` of somebody who has just logged in."""
        page = self.visitor(**how)
        # Without showing the pages that lead there: `test_by_keyboard_alone` does.
        asked = page.context.request
        asked.post("/login", form={"csrf": hidden(asked.get("/login").text(), "csrf"), "person": name})
        page.goto(path)
        return page

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"a script spoke: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.home):
            self.troubles.append(f"asked of another site: {request.url}")

    def _response(self, response: Response) -> None:
        # No page has a picture for its tab.
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            self.troubles.append(f"{response.status} {response.url}")


def sirens(page: Page) -> list[str]:
    """The firms of the list, in its order."""
    links = page.locator("#list tbody th a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [link.rpartition("/")[2] for link in links]
