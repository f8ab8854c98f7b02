"""Logging in at an OpenID provider: whom of ours it names."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from alerts.console import claims
from alerts.console.claims import Known, Names
from alerts.console.oidc import Provider
from alerts.console.people import People


class ProviderLogin(NamedTuple):
    """The provider, the claims to read of its answers, and the clearance file where there is one."""

    provider: Provider
    names: Names
    people: People | None = None

    @property
    def origin(self) -> str:
        """Where the provider is: forms may lead there, to log out."""
        parts = urlsplit(self.provider.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def who(self, said: Mapping[str, Any]) -> Known | None:
        """The person of some claims; None for nobody of ours."""
        if self.people is None:
            return claims.known(said, {}, (), self.names)
        return claims.known(said, self.people.by_login, self.people, self.names)
