from pathlib import Path

import pytest

from alerts.notify import subscriptions
from alerts.routing import QUEUES
from detectors.errors import UnusableInput
from tests.alerts.making import a_case, live

HOOK = (
    '[desk]\nowner = "users.codefi"\nkind = "webhook"\nurl = "https://codefi.example/vigie"\nsecret_file = "secret"\n'
)
MAIL = '[desk]\nowner = "groups.ddets-21"\nkind = "mail"\nto = ["veille@ddets.example"]\n'


def test_what_is_absent_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.toml"
    path.write_text(HOOK + MAIL.replace("desk", "mail") + 'departments = ["21"]\ntiers = ["strong"]\nlanguage = "en"\n')
    known = subscriptions.read(path)
    assert [*known] == ["desk", "mail"]
    hook, mail = known.values()
    assert (hook.departments, hook.per_hour, hook.at_once, hook.language) == (QUEUES, 20, True, "fr")
    assert (mail.departments, mail.at_once) == (("21",), False)
    assert mail.fits(a_case(live()))
    assert not mail.fits(a_case(live(tier="moderate")))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HOOK.replace('owner = "users.codefi"\n', ""), "missing required field `owner`"),
        (HOOK.replace("users.codefi", "codefi"), "owner 'codefi' is no table of the clearance file"),
        (HOOK + 'departments = ["20"]', "departments: 20 is no department"),
        (HOOK + 'tier = "strong"', "unknown field `tier`"),
        (HOOK + "per_hour = 1", "per_hour is below 2"),
        (HOOK + "notices = []", "notices is empty"),
        (HOOK + "digest_minutes = 0", "digest_minutes is not above 0"),
        (HOOK.replace("https:", "ftp:"), "url is no address"),
        (HOOK.replace("codefi.example", "codefi.example:x"), "url is no address"),
        (HOOK.replace("//codefi", "//user:pw@codefi"), "url has a user or password"),
        (HOOK.replace("/vigie", "/vigie\\r\\nX: y"), "url (is no address|has characters)"),
        (HOOK.replace("secret_file", "#"), "secret_file is missing"),
        (HOOK + 'to = ["a@b.fr"]', "to is for mails"),
        (MAIL.replace("veille@ddets.example", "veille"), "no mail address"),
        (MAIL.replace("veille@", "x\\r\\nBcc: y@"), "no mail address"),
        (MAIL.replace('["veille@ddets.example"]', "[]"), "to is missing"),
        (MAIL + 'url = "https://x.example"', "url and secret_file are for webhooks"),
        (MAIL.replace('"mail"', '"fax"'), "Invalid enum value 'fax'"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_table(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.toml"
    path.write_text(text)
    with pytest.raises(UnusableInput, match=says) as told:
        subscriptions.read(path)
    assert str(told.value).startswith(f"{path}: [desk] ")


def test_secrets_are_long_and_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    (tmp_path / "subscriptions.toml").write_text(HOOK.replace('"secret"', f'"{path}"'))
    (subscription,) = subscriptions.read(tmp_path / "subscriptions.toml").values()
    with pytest.raises(UnusableInput, match="No such file"):
        subscriptions.secrets_of(subscription, "desk")
    path.write_text("short\n")
    with pytest.raises(UnusableInput, match="chmod 600"):
        subscriptions.secrets_of(subscription, "desk")
    path.chmod(0o600)
    with pytest.raises(UnusableInput, match="32 bytes or more") as told:
        subscriptions.secrets_of(subscription, "desk")
    assert "short" not in str(told.value)
    path.write_text(f"{'n' * 32}\n\n{'o' * 32}\n")
    assert subscriptions.secrets_of(subscription, "desk") == (b"n" * 32, b"o" * 32)
    with pytest.raises(UnusableInput, match="--subscriptions"):
        subscriptions.read(None)
