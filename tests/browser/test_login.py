"""Logging in at a provider on another site, as a browser does it: with its rules for cookies and forms."""

from contextlib import ExitStack
from pathlib import Path

import redis
from playwright.sync_api import Browser, expect

from alerts.console.claims import Names
from alerts.console.oidc import Provider
from alerts.console.oidc_login import ProviderLogin
from tests.alerts.console import site
from tests.alerts.console.provider import provider
from tests.alerts.making import live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port
from tests.browser.people import Agents
from tests.browser.test_axe import found

USERS = {"s-1": {"preferred_username": "c.petit", "roles": ["agent"], "departments": ["21"]}}


def test_in_at_a_provider_of_another_site_and_out_of_both(
    browser: Browser, client: redis.Redis, bench: Bench, tmp_path: Path
) -> None:
    site.put(client, bench.metrics, live())
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    # To a browser, `localhost` is another site than 127.0.0.1.
    with provider(tmp_path, USERS, "localhost") as issuer, ExitStack() as stack:
        login = ProviderLogin(Provider(issuer, "vigie", "secret"), Names(roles="roles", departments="departments"))
        settings = site.settings(client, login=login, url=home, reminder_days=91.0)
        stack.enter_context(site.listening(settings, port))
        page = Agents(browser, home, stack).visitor()
        page.goto("/")
        assert found(page) == []
        page.get_by_role("link", name="S'identifier").click()
        page.locator("input[name=sub]").fill("s-1")
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{home}/reminder")
        assert found(page) == []
        page.get_by_role("button", name="J'en prends acte").click()
        expect(page.get_by_role("link", name="ATELIERS DUMONT")).to_be_visible()
        (session,) = [cookie for cookie in page.context.cookies() if cookie.get("name") == "vigie_session"]
        assert (session.get("httpOnly"), session.get("sameSite")) == (True, "Strict")
        page.get_by_role("button", name="Se déconnecter").click()
        page.wait_for_url(lambda url: url.startswith((issuer, f"{home}/login")))
        page.goto(f"{home}/")
        assert page.url == f"{home}/login"
