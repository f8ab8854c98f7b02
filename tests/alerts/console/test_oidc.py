"""The provider's answers, true and forged, without a network; test_oidc_login has a provider that runs."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from alerts.console.oidc import KEEP_SECONDS, REREAD_SECONDS, LoginRefused, Provider, ProviderAway, challenge

ISSUER, BACK = "https://login.example/realms/vigie", "https://vigie.example/login/callback"
KEYS = [RSAKey.generate_key(2048, {"kid": f"k{number}", "use": "sig"}) for number in range(2)]


class Fake:
    """A provider that answers what it is told to, and checks the verifier as one must."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.key: Any = KEYS[0]
        self.published: list[Any] = [KEYS[0]]
        self.algorithm = "RS256"
        self.about: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example/authorize?tenant=1",
            "token_endpoint": "https://login.example/token",
            "userinfo_endpoint": "https://login.example/userinfo",
            "jwks_uri": "https://login.example/jwks",
            "end_session_endpoint": "https://login.example/logout",
        }
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "s-1", "email": "m@x.example"}
        self.header: dict[str, Any] = {}
        self.challenge = self.nonce = ""
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        self.provider = Provider(
            ISSUER, "vigie", "se:cret", clock=lambda: self.now, transport=httpx.MockTransport(self.answer)
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.asked.append(name)
        if name in self.answers:
            return self.answers[name]()
        if name == "openid-configuration":
            return httpx.Response(200, json=self.about)
        if name == "jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.published]})
        if name == "userinfo":
            assert request.headers["authorization"] == "Bearer access"
            return httpx.Response(200, json=self.userinfo)
        form = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        assert (basic, form["redirect_uri"]) == ("vigie:se%3Acret", BACK)
        if challenge(form["code_verifier"]) != self.challenge or form["code"] != "code":
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": "access", "id_token": self.id_token()})

    def id_token(self) -> str:
        claims: dict[str, Any] = {"iss": ISSUER, "sub": "s-1", "aud": "vigie", "nonce": self.nonce}
        claims |= {"iat": int(self.now), "exp": int(self.now) + 60, **self.claims}
        kid: dict[str, Any] = {} if isinstance(self.key, OctKey) else {"kid": self.key.kid}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": self.algorithm, **kid, **self.header}, kept, self.key, [self.algorithm])

    def sign(self, key: Any, algorithm: str) -> None:
        """Sign with another key under the name of the known one."""
        self.key, self.algorithm, self.header = key, algorithm, {"kid": "k0"}

    def log_in(self, **answer: str) -> Any:
        start = self.provider.start(BACK)
        asked = {key: values[0] for key, values in parse_qs(urlsplit(start.address).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert start.address.startswith("https://login.example/authorize?tenant=1&")
        self.challenge, self.nonce = asked["code_challenge"], self.nonce or asked["nonce"]
        return self.provider.finish(start.kept, {"code": "code", "state": asked["state"], **answer}, BACK)


def test_claims_of_the_token_and_of_userinfo() -> None:
    fake = Fake()
    login = fake.log_in(iss=ISSUER)
    assert (login.claims["sub"], login.claims["email"]) == ("s-1", "m@x.example")
    fake.nonce = ""
    fake.log_in()
    assert fake.asked.count("openid-configuration") == fake.asked.count("jwks") == 1, "they are kept"
    one, other = (fake.provider.start(BACK) for _ in range(2))
    assert not {*one.kept.split(".")} & {*other.kept.split(".")}
    fake.provider.close()


REFUSED: dict[str, Callable[[Fake], Any]] = {
    "another client's": lambda fake: fake.claims.update(aud="other"),
    "another client's among several": lambda fake: fake.claims.update(aud=["vigie", "other"], azp="other"),
    "of nobody named": lambda fake: fake.claims.update(aud=["vigie", "other"]),
    "another provider's": lambda fake: fake.claims.update(iss="https://evil.example"),
    "another login's": lambda fake: setattr(fake, "nonce", "of another"),
    "without nonce": lambda fake: fake.claims.update(nonce=None),
    "without end": lambda fake: fake.claims.update(exp=None),
    "without subject": lambda fake: fake.claims.update(sub=None),
    "over": lambda fake: fake.claims.update(exp=int(fake.now) - 31),
    "of the future": lambda fake: fake.claims.update(nbf=int(fake.now) + 31),
    "of an unknown key": lambda fake: setattr(fake, "key", KEYS[1]),
    "of a key that says it is the known one": lambda fake: fake.sign(KEYS[1], "RS256"),
    "signed with the secret": lambda fake: fake.sign(OctKey.import_key("se:cret" * 8), "HS256"),
    "userinfo of somebody else": lambda fake: fake.userinfo.update(sub="s-2"),
    "no token": lambda fake: fake.answers.update(token=lambda: httpx.Response(200, json={"access_token": "a"})),
    "no JWT": lambda fake: fake.answers.update(token=lambda: httpx.Response(200, json={"id_token": "a.b.c"})),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_proves_nobody_is_refused(what: str) -> None:
    fake = Fake()
    REFUSED[what](fake)
    with pytest.raises(LoginRefused):
        fake.log_in()
    fake.provider.close()


def test_an_unsigned_token_is_refused() -> None:
    fake = Fake()
    head, body, _ = fake.id_token().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k0"}').rstrip(b"=").decode()
    for token in (f"{none}.{body}.", f"{head}.{body}."):
        fake.answers["token"] = lambda token=token: httpx.Response(200, json={"id_token": token})  # type: ignore[misc]
        with pytest.raises(LoginRefused):
            fake.log_in()
    fake.provider.close()


@pytest.mark.parametrize(
    "answer", [{"state": "of another"}, {"state": ""}, {"error": "access_denied"}, {"code": ""}, {"iss": "https://e"}]
)
def test_what_the_browser_brings_back_is_of_its_own_login(answer: dict[str, str]) -> None:
    fake = Fake()
    with pytest.raises(LoginRefused):
        fake.log_in(**answer)
    assert "token" not in fake.asked, "no code is shown to the provider"
    for kept in ("", "a", "a.b", "a.b.", ".."):
        with pytest.raises(LoginRefused):
            fake.provider.finish(kept, {"code": "code", "state": kept.partition(".")[0]}, BACK)
    fake.provider.close()


def test_a_stolen_code_without_its_verifier_is_worth_nothing() -> None:
    fake = Fake()
    start, other = fake.provider.start(BACK), fake.provider.start(BACK)
    fake.challenge = parse_qs(urlsplit(start.address).query)["code_challenge"][0]
    with pytest.raises(LoginRefused):
        fake.provider.finish(other.kept, {"code": "code", "state": other.kept.partition(".")[0]}, BACK)
    fake.provider.close()


def test_new_keys_are_found_and_nobody_makes_them_be_read_all_the_time() -> None:
    fake = Fake()
    fake.log_in()
    fake.key, fake.published, fake.nonce = KEYS[1], KEYS[1:], ""
    fake.now += REREAD_SECONDS
    fake.log_in()
    assert fake.asked.count("jwks") == 2
    fake.key = KEYS[0]
    for _ in range(3):
        fake.nonce = ""
        with pytest.raises(LoginRefused):
            fake.log_in()
    assert fake.asked.count("jwks") == 2
    fake.now += KEEP_SECONDS + 1
    fake.published, fake.nonce = KEYS, ""
    fake.log_in()
    assert fake.asked.count("openid-configuration") == 2
    fake.provider.close()


def test_clocks_may_differ_a_little() -> None:
    fake = Fake()
    fake.claims = {"exp": int(fake.now) - 29, "iat": int(fake.now) + 29, "nbf": int(fake.now) + 29}
    assert fake.log_in().claims["sub"] == "s-1"
    fake.provider.close()


def _away(_: Any = None) -> httpx.Response:
    raise httpx.ConnectError("refused")


AWAY: dict[str, Callable[[Fake], Any]] = {
    "down": lambda fake: fake.answers.update({"openid-configuration": _away}),
    "token down": lambda fake: fake.answers.update(token=_away),
    "ill": lambda fake: fake.answers.update(jwks=lambda: httpx.Response(502)),
    "no JSON": lambda fake: fake.answers.update(userinfo=lambda: httpx.Response(200, text="<html>")),
    "a list": lambda fake: fake.answers.update(jwks=lambda: httpx.Response(200, json=[])),
    "no keys": lambda fake: fake.answers.update(jwks=lambda: httpx.Response(200, json={})),
    "huge": lambda fake: fake.answers.update(jwks=lambda: httpx.Response(200, text="x" * 600_000)),
    "moved": lambda fake: fake.answers.update(
        {"openid-configuration": lambda: httpx.Response(302, headers={"Location": "https://evil.example"})}
    ),
    "another": lambda fake: fake.about.update(issuer="https://evil.example"),
    "in plain": lambda fake: fake.about.update(token_endpoint="http://login.example/token"),
    "incomplete": lambda fake: fake.about.pop("authorization_endpoint"),
}


@pytest.mark.parametrize("what", AWAY)
def test_a_provider_that_is_away_or_none_is_said(what: str) -> None:
    fake = Fake()
    AWAY[what](fake)
    with pytest.raises(ProviderAway):
        fake.log_in()
    fake.provider.close()


def test_logging_out_there_too() -> None:
    fake = Fake()
    address = fake.provider.logout("token", BACK)
    assert address is not None
    assert parse_qs(urlsplit(address).query) == {
        "client_id": ["vigie"],
        "post_logout_redirect_uri": [BACK],
        "id_token_hint": ["token"],
    }
    del fake.about["end_session_endpoint"]
    assert fake.provider.logout(None, BACK) is not None, "what is kept"
    fake.now += KEEP_SECONDS + 1
    assert fake.provider.logout("token", BACK) is None
    fake.now += KEEP_SECONDS + 1
    fake.answers["openid-configuration"] = _away
    assert fake.provider.logout("token", BACK) is None
    fake.provider.close()
