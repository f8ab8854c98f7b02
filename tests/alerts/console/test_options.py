from pathlib import Path
from typing import Any

import pytest

from alerts.console.options import ConsoleOptions, OidcOptions, check
from detectors.errors import UnusableInput

FILE, PEM = Path("c.toml"), Path("tls.pem")
OIDC = OidcOptions(oidc_issuer="https://login.example", oidc_client_id="vigie")
CLAIMS = OidcOptions(
    oidc_issuer="http://127.0.0.1:9400", oidc_client_id="vigie", oidc_roles_claim="r", oidc_regions_claim="d"
)
TLS: dict[str, Any] = {"console_certificate": PEM, "console_key": PEM}


@pytest.mark.parametrize(
    ("options", "oidc"),
    [
        (ConsoleOptions(dev_login=True, clearances=FILE), OidcOptions()),
        (ConsoleOptions(clearances=FILE), OIDC),
        (ConsoleOptions(), CLAIMS),
        (ConsoleOptions(clearances=FILE, console_url="https://vigie.example"), OIDC),
        (ConsoleOptions(clearances=FILE, console_host="0.0.0.0", console_url="https://v.example", **TLS), OIDC),
    ],
)
def test_ways_to_start(options: ConsoleOptions, oidc: OidcOptions) -> None:
    check(options, oidc)


@pytest.mark.parametrize(
    ("options", "oidc", "says"),
    [
        (ConsoleOptions(clearances=FILE), OidcOptions(), "--dev-login"),
        (ConsoleOptions(dev_login=True), OidcOptions(), "--clearances"),
        (ConsoleOptions(dev_login=True, clearances=FILE), OIDC, "do not go together"),
        (ConsoleOptions(dev_login=True, clearances=FILE, console_host="0.0.0.0"), OidcOptions(), "no password"),
        (ConsoleOptions(dev_login=True, clearances=FILE, console_host="10.1.2.3", **TLS), OidcOptions(), "no password"),
        (
            ConsoleOptions(dev_login=True, clearances=FILE, console_url="https://v.example"),
            OidcOptions(),
            "no password",
        ),
        (ConsoleOptions(clearances=FILE, console_host="0.0.0.0"), OIDC, "--console-certificate"),
        (ConsoleOptions(clearances=FILE, console_host="console.example"), OIDC, "--console-certificate"),
        (ConsoleOptions(clearances=FILE, console_certificate=PEM), OIDC, "go together"),
        (ConsoleOptions(clearances=FILE, console_url="http://vigie.example"), OIDC, "must be https"),
        (ConsoleOptions(clearances=FILE, console_url="vigie.example"), OIDC, "no address"),
        (
            ConsoleOptions(clearances=FILE),
            OidcOptions(oidc_issuer="http://login.example", oidc_client_id="v"),
            "must be https",
        ),
        (ConsoleOptions(clearances=FILE), OidcOptions(oidc_issuer="https://login.example"), "--oidc-client-id"),
        (ConsoleOptions(), OIDC, "--clearances"),
    ],
)
def test_whoever_would_be_let_in_unknown_is_kept_out(options: ConsoleOptions, oidc: OidcOptions, says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        check(options, oidc)
