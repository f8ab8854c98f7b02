"""No secret is in the repository: what looks like one in any file that is kept, and names that secrets have."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOOKS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "forge token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})"),
    "chat token": re.compile(r"\bxox[abpr]-[A-Za-z0-9-]{10,}"),
    "password in a URL": re.compile(r"\b[a-z]+://[^/\s:@'\"]*:(?=[^@\s]*\d)(?=[^@\s]*[A-Za-z])[A-Za-z0-9_+/=-]{20,}@"),
    "secret in a setting": re.compile(
        r"(?i)(password|secret|token|api_?key)[\"']?\s*[=:]\s*[\"'](?=[^\"']*\d)(?=[^\"']*[A-Za-z])[A-Za-z0-9_+/=-]{20,}[\"']"
    ),
}
NAMES = re.compile(r"(^|/)(\.env|id_(rsa|ed25519)|.*\.(pem|key|p12|jks|keystore))$")


def kept() -> list[str]:
    """The files of the repository, or of the folder where it is none."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return [name for name in done.stdout.split("\0") if name]
    skipped = {".venv", ".git", "__pycache__"}
    return [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file() and not skipped & set(path.relative_to(ROOT).parts)
    ]


def looks(text: str) -> list[str]:
    return [name for name, look in LOOKS.items() if look.search(text)]


def test_no_file_holds_a_secret() -> None:
    files = kept()
    assert len(files) > 500
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in files if (ROOT / name).is_file()
    }
    assert {name: found for name, text in texts.items() if (found := looks(text))} == {}
    assert [name for name in files if NAMES.search(name)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN EC " + "PRIVATE KEY-----",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a1" * 18,
        "redis://agent:" + "a1b2c3d4e5" * 3 + "@host",
        "kafka_password = '" + "a1b2c3d4e5" * 3 + "'",
        '"token": "' + "a1b2c3d4e5" * 3 + '"',
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert len(looks(f"something {planted}\n")) == 1
