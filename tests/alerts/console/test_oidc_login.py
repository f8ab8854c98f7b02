"""Logging in at a provider that runs: oidc-provider-mock, a process of its own."""

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2 as httpx
import pytest
import redis

from alerts.console.app import COOKIE, LOGIN_COOKIE, application
from alerts.console.claims import Names
from alerts.console.oidc import Provider
from alerts.console.oidc_login import ProviderLogin
from alerts.console.people import People
from alerts.console.sessions import listed
from tests.alerts.console import site
from tests.alerts.console.provider import provider
from tests.alerts.console.site import HOME, Browser, hidden
from tests.alerts.console.test_app import FIRM, audited
from tests.alerts.making import live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port

FILE = """
[users.martin]
role = "agent"
departments = ["21"]
logins = ["martin@ddets.example"]
"""
USERS: dict[str, dict[str, Any]] = {
    "s-1": {"email": "Martin@ddets.example", "email_verified": True},
    "s-2": {"preferred_username": "c.petit", "roles": ["reader"], "departments": ["71"]},
    "s-3": {"preferred_username": "nobody"},
}
BY_CLAIMS = Names(roles="roles", departments="departments")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider(tmp_path_factory.mktemp("provider"), USERS) as url:
        yield url


class Visitor(Browser):
    """A browser that goes to the provider and back."""

    def to_provider(self, asked_for: str = "/") -> str:
        page = self.get(self.get(asked_for).headers["location"]).text
        (go,) = re.findall(r'href="(/login/go[^"]*)"', page)
        return str(self.get(html.unescape(go)).headers["location"])

    def allow(self, address: str, subject: str) -> str:
        with httpx.Client() as client:
            back = client.post(address, data={"sub": subject}).headers["location"]
        assert back.startswith(f"{HOME}/login/callback?")
        return back.removeprefix(HOME)


@pytest.fixture
def login(issuer: str, tmp_path: Path) -> ProviderLogin:
    path = tmp_path / "clearances.toml"
    path.write_text(FILE)
    return ProviderLogin(Provider(issuer, "vigie", "secret"), BY_CLAIMS, People(path))


def app(client: redis.Redis, login: ProviderLogin) -> Visitor:
    return Visitor(application(site.settings(client, login=login, url=HOME)))


def test_in_by_the_file_or_by_claims_and_out_again(client: redis.Redis, bench: Bench, login: ProviderLogin) -> None:
    site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71", name="AUTRE"))
    visitor = app(client, login)
    assert visitor.http.post("/login", data={"person": "a.martin"}).status_code == 405, "nobody chooses who to be"
    for subject, name, firm in (("s-1", "martin", "DUMONT"), ("s-2", "c.petit", "AUTRE")):
        back = visitor.allow(visitor.to_provider(), subject)
        entered = visitor.get(back)
        assert (entered.status_code, 'http-equiv="refresh"' in entered.text) == (200, True)
        cookies = entered.headers.get_list("set-cookie")
        assert any(c.startswith(f"{COOKIE}=") and "HttpOnly" in c and "SameSite=strict" in c for c in cookies)
        assert LOGIN_COOKIE not in visitor.http.cookies
        page = visitor.get("/").text
        assert ("DUMONT" in page, "AUTRE" in page) == (firm == "DUMONT", firm == "AUTRE")
        assert visitor.get(back).status_code == 403, "an answer is good once"
        out = visitor.http.post("/logout", data={"csrf": hidden(page, "csrf")})
        there = urlsplit(out.headers["location"])
        assert f"{there.scheme}://{there.netloc}" == login.provider.issuer
        assert parse_qs(there.query)["post_logout_redirect_uri"] == [f"{HOME}/login"]
        assert f"form-action {login.provider.issuer} 'self'" in out.headers["content-security-policy"]
        assert visitor.get("/").status_code == 303
        assert (f"{name}@console", "console.login", f"person:{name}", "done") in audited(client)
    login.provider.close()


def test_it_leads_to_the_page_that_was_asked_for_and_to_no_other_site(
    client: redis.Redis, bench: Bench, login: ProviderLogin
) -> None:
    site.put(client, bench.metrics, live())

    def lands(visitor: Visitor, to_provider: str) -> str:
        entered = visitor.get(visitor.allow(to_provider, "s-1")).text
        (there,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', entered)
        return html.unescape(there)

    for path in (FIRM, "/?tier=strong&order=name", "/"):
        visitor = app(client, login)
        assert lands(visitor, visitor.to_provider(path)) == path
    for hostile in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        visitor = app(client, login)
        go = visitor.get(f"/login/go?{urlencode({'next': hostile})}").headers["location"]
        assert lands(visitor, str(go)) == "/"
    visitor = app(client, login)
    address = visitor.to_provider(FIRM)
    value = visitor.http.cookies[LOGIN_COOKIE].rpartition(".")[0]
    visitor.http.cookies.clear()
    forged = base64.urlsafe_b64encode(b"//evil.example").decode().rstrip("=")
    visitor.http.cookies.set(LOGIN_COOKIE, f"{value}.{forged}", domain="127.0.0.1")
    assert lands(visitor, address) == "/", "whatever the cookie says"
    login.provider.close()


def test_strangers_and_stolen_answers_stay_out(client: redis.Redis, login: ProviderLogin) -> None:
    visitor, other = app(client, login), app(client, login)
    answer = visitor.get(visitor.allow(visitor.to_provider(), "s-3"))
    assert (answer.status_code, "pas d&#39;accès" in answer.text) == (403, True)
    assert ("s-3@console", "console.login", f"provider:{login.provider.issuer}", "refused") in audited(client)
    back = visitor.allow(visitor.to_provider(), "s-1")
    other.to_provider()
    for thief in (other, app(client, login)):
        assert thief.get(back).status_code == 403
        assert COOKIE not in thief.http.cookies
    assert visitor.get("/login/callback?error=access_denied&state=x").status_code == 403
    assert listed(client, where="here") == []
    login.provider.close()


def test_a_provider_that_is_down_is_a_page(client: redis.Redis, login: ProviderLogin) -> None:
    login.provider.close()
    away = login._replace(provider=Provider(f"http://127.0.0.1:{free_port()}", "vigie", ""))
    visitor = app(client, away)
    assert visitor.get("/login").status_code == 200
    answer = visitor.get("/login/go")
    assert (answer.status_code, "service d&#39;identité ne répond pas" in answer.text) == (503, True)
    away.provider.close()


def test_by_tls_no_other_site_sets_its_cookies(client: redis.Redis, login: ProviderLogin) -> None:
    url = "https://127.0.0.1"
    visitor = Visitor(application(site.settings(client, login=login, url=url)))
    visitor.http.base_url = url
    answer = visitor.get("/login/go")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"__Host-{LOGIN_COOKIE}=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert word in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    login.provider.close()
