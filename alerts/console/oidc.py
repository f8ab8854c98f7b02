"""OpenID Connect, the side of the console: authorization code with PKCE, and who has logged in.

    start = provider.start(redirect)             send the browser to start.address; keep start.kept in its cookie
    login = provider.finish(kept, answer, ...)   what came back: the claims, checked

What must hold is checked here: state and nonce are those of this browser, the code is exchanged with the verifier, the
ID token is signed by a key of the provider's, meant for this client, not over. A key that is not known makes the keys
be read again, so that the provider may change them. Nothing of it is kept but in the browser's own cookie.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx2 as httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from detectors.errors import VigieError

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""Signatures with a public key: with a secret that both know, or with none, a token proves nothing."""
KEEP_SECONDS = 3600.0
"""How long what the provider says of itself is kept."""
REREAD_SECONDS = 10.0
"""How often unknown keys make the keys be read again, at most."""
TIMEOUT_SECONDS = 5.0
LONGEST_BYTES = 500_000


class ProviderAway(VigieError):
    """The provider does not answer, or not as one."""

    retriable = True


class LoginRefused(VigieError):
    """What came back proves nobody: denied, of another browser, forged, over, or used before."""


class Start(NamedTuple):
    """Where the browser goes, and what its cookie keeps until it comes back."""

    address: str
    kept: str


class Login(NamedTuple):
    """Who the provider says it is: the claims of the ID token and of userinfo; the token, to log out with."""

    claims: Mapping[str, Any]
    id_token: str


class Provider:
    """An OpenID provider, from several threads. Raises ProviderAway."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str = "openid email profile",
        leeway_seconds: int = 30,
        clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._scope = scope
        self._leeway = leeway_seconds
        self._clock = clock
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, transport=transport)
        self._lock = threading.Lock()
        self._about: Mapping[str, Any] = {}
        self._about_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def start(self, redirect: str) -> Start:
        """Begin a login that comes back to the address `redirect`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        return Start(_with(endpoint, parameters), f"{state}.{nonce}.{verifier}")

    def finish(self, kept: str, answer: Mapping[str, str], redirect: str) -> Login:
        """What the browser brought back, with its cookie. Raises LoginRefused."""
        state, nonce, verifier = ([*kept.split("."), "", "", ""])[:3]
        if not verifier or not secrets.compare_digest(state.encode(), answer.get("state", "").encode()):
            raise LoginRefused("the login was begun by another browser, or too long ago")
        if answer.get("iss", self.issuer) != self.issuer:
            raise LoginRefused("the answer is another provider's")
        if "error" in answer or not answer.get("code"):
            raise LoginRefused(f"the provider says {answer.get('error', 'nothing')[:80]!r}")
        tokens = self._exchange(answer["code"], verifier, redirect)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise LoginRefused("the provider gave no ID token")
        claims = self._checked(id_token, nonce)
        return Login({**self._userinfo(tokens, str(claims["sub"])), **claims}, id_token)

    def logout(self, id_token: str | None, back: str) -> str | None:
        """Where the browser logs out of the provider as well; None where it offers that not, or does not answer."""
        try:
            about = self._discovered()
        except ProviderAway:
            return None
        endpoint = about.get("end_session_endpoint")
        if not isinstance(endpoint, str) or not _is_safe(endpoint):
            return None
        parameters = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        return _with(endpoint, parameters | ({"id_token_hint": id_token} if id_token else {}))

    # Parts

    def _exchange(self, code: str, verifier: str, redirect: str) -> Mapping[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        methods = self._discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = None
        if self._secret and "client_secret_basic" in methods:
            quoted = (urlencode({"": text})[1:] for text in (self._client_id, self._secret))
            basic = httpx.BasicAuth(*quoted)
        else:
            form |= {"client_id": self._client_id} | ({"client_secret": self._secret} if self._secret else {})
        answer = self._ask("POST", self._endpoint("token_endpoint"), data=form, auth=basic)
        if 400 <= answer.status_code < 500:
            raise LoginRefused(f"the provider does not take the code ({answer.status_code})")
        return _read(answer)

    def _checked(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token that is what it has to be."""
        try:
            token = self._decoded(id_token)
            rules = jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock()),
                leeway=self._leeway,
                iss={"essential": True, "value": self.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self._client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            rules.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise LoginRefused(f"the ID token is none of this login ({error})") from error
        claims = token.claims
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise LoginRefused("the ID token is another client's")
        return claims

    def _decoded(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._keyset(again=False), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # Signed by a key that is new, perhaps.
            return jwt.decode(id_token, self._keyset(again=True), algorithms=ALGORITHMS)

    def _userinfo(self, tokens: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """What userinfo adds, where there is one: of the same subject."""
        access = tokens.get("access_token")
        if not isinstance(access, str) or "userinfo_endpoint" not in self._discovered():
            return {}
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        found = _read(self._ask("GET", self._endpoint("userinfo_endpoint"), headers=headers))
        if found.get("sub") != subject:
            raise LoginRefused("userinfo is of somebody else")
        return found

    def _endpoint(self, name: str) -> str:
        found = self._discovered().get(name)
        if not isinstance(found, str) or not _is_safe(found):
            raise ProviderAway(f"{self.issuer} has no usable {name}: https, or http on this machine")
        return found

    def _discovered(self) -> Mapping[str, Any]:
        with self._lock:
            if not self._about or self._clock() - self._about_at > KEEP_SECONDS:
                about = _read(self._ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration"))
                if about.get("issuer") != self.issuer:
                    raise ProviderAway(f"{self.issuer} says that it is {str(about.get('issuer'))[:200]!r}")
                self._about, self._about_at = about, self._clock()
            return self._about

    def _keyset(self, *, again: bool) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            age = self._clock() - self._keys_at
            if self._keys is None or age > KEEP_SECONDS or (again and age >= REREAD_SECONDS):
                try:
                    self._keys = KeySet.import_key_set(_signing(_read(self._ask("GET", address))))
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise ProviderAway(f"{address} has no keys: {error}") from error
                self._keys_at = self._clock()
            return self._keys

    def _ask(self, method: str, address: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, address, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderAway(f"{address} does not answer: {error}") from error
        if answer.status_code >= 500 or len(answer.content) > LONGEST_BYTES:
            raise ProviderAway(f"{address} answers {answer.status_code} with {len(answer.content)} bytes")
        return answer


def challenge(verifier: str) -> str:
    """What of the verifier is sent first (RFC 7636).

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _signing(keys: Mapping[str, Any]) -> Any:
    """The public keys for signatures: others may be of kinds that are not known here."""
    return {"keys": [key for key in keys["keys"] if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]}


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if answer.status_code != 200 or not isinstance(content, dict):
        raise ProviderAway(f"{answer.url.host} answers {answer.status_code} and no JSON object")
    return content


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))


def _with(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
