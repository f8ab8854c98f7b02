"""The options of the console."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from detectors.errors import UnusableInput
from detectors.options import option


@dataclass(frozen=True)
class ConsoleOptions:
    """Where the console listens, and whom it lets in."""

    console_host: str = option("127.0.0.1", "address to listen on; off this machine (127.0.0.0/8) with TLS alone")
    console_port: int = option(8700, "port to listen on")
    console_url: str | None = option(None, "how browsers reach it, as in https://vigie.example; default: as it listens")
    console_certificate: Path | None = option(None, "certificate to serve TLS with (PEM, with its chain)")  # noqa: RUF009  `option` makes a field
    console_key: Path | None = option(None, "the certificate's key (PEM)")  # noqa: RUF009
    clearances: Path | None = option(None, "the clearance file (TOML): who sees and does what, where")  # noqa: RUF009
    dev_login: bool = option(False, "let whoever reaches the page choose any person of the file: for trying out")
    api_per_minute: int = option(300, "requests a minute that each of the API's tokens may make")
    console_idle_minutes: float = option(30.0, "how long a session lasts without use", unit="minutes")
    console_session_hours: float = option(8.0, "how long a session lasts at most", unit="hours")
    console_glass_hours: float = option(4.0, "how long a firm stays open to who broke the glass", unit="hours")
    console_reminder_days: float = option(
        91.0, "how often who logs in at a provider is reminded of confidentiality; 0 is never", unit="days"
    )


@dataclass(frozen=True)
class OidcOptions:
    """The OpenID Connect provider at which people log in."""

    oidc_issuer: str | None = option(
        None, "OpenID Connect provider: its issuer, as in https://login.example/realms/vigie"
    )
    oidc_client_id: str | None = option(None, "what the provider calls the console")
    oidc_client_secret: str = option("", "the client's secret at the provider; none for a public client", secret=True)
    oidc_scope: str = option("openid email profile", "what is asked of the provider")
    oidc_leeway_seconds: int = option(30, "how far the provider's clock may be off", unit="seconds")
    oidc_name_claim: str = option("preferred_username", "claim that names a person without an entry in the file")
    oidc_roles_claim: str | None = option(None, "claim with roles of Vigie's; a.b is a path. None: the file decides")
    oidc_departments_claim: str | None = option(None, "claim with codes of departments")
    oidc_regions_claim: str | None = option(None, "claim with names of regions")
    oidc_data_claim: str | None = option(None, "claim with what is not masked (score, urssaf, dgefp, bdf)")


def check(options: ConsoleOptions, oidc: OidcOptions = OidcOptions()) -> None:
    """Raises UnusableInput where the console would be open to others, or to read on the way."""
    local = is_loopback(options.console_host)
    if (options.console_certificate is None) != (options.console_key is None):
        raise UnusableInput("--console-certificate and --console-key go together")
    if options.dev_login:
        _check_dev_login(options, oidc, local)
    else:
        _check_oidc(options, oidc)
    if not local and options.console_certificate is None:
        raise UnusableInput(
            f"--console-host {options.console_host} can be reached by others, and would be read by them: give "
            "--console-certificate and --console-key, or listen on 127.0.0.1 behind a proxy with TLS"
        )
    if options.console_url is not None:
        _check_address("--console-url", options.console_url)


def _check_dev_login(options: ConsoleOptions, oidc: OidcOptions, local: bool) -> None:
    if oidc.oidc_issuer is not None:
        raise UnusableInput("--dev-login and --oidc-issuer do not go together: it would let anybody in")
    url = urlsplit(options.console_url or "")
    if not local or (options.console_url and not is_loopback(url.hostname or "")):
        raise UnusableInput(
            f"--console-host {options.console_host}, --console-url {options.console_url} can be reached by others, and "
            "--dev-login asks for no password: write 127.0.0.1, and no URL"
        )
    if options.clearances is None:
        raise UnusableInput("say who may see what: --clearances FILE (docs/how-to/secure.md shows one)")


def _check_oidc(options: ConsoleOptions, oidc: OidcOptions) -> None:
    if oidc.oidc_issuer is None:
        raise UnusableInput(
            "nobody could log in: name an OpenID Connect provider with --oidc-issuer, or, to try it out on this "
            "machine, say --dev-login, in which anybody chooses who to be"
        )
    _check_address("--oidc-issuer", oidc.oidc_issuer)
    if not oidc.oidc_client_id:
        raise UnusableInput("--oidc-issuer needs --oidc-client-id: what the provider calls the console")
    by_claims = oidc.oidc_roles_claim and (oidc.oidc_departments_claim or oidc.oidc_regions_claim)
    if options.clearances is None and not by_claims:
        raise UnusableInput(
            "say who may see what: --clearances FILE, or --oidc-roles-claim with --oidc-departments-claim or "
            "--oidc-regions-claim"
        )


def _check_address(name: str, url: str) -> None:
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UnusableInput(f"{name} {url!r} is no address such as https://vigie.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise UnusableInput(f"{name} {url} must be https: off this machine, others read plain http")


def is_loopback(host: str) -> bool:
    """Whether an address or a name is this machine's alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
