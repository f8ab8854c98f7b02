"""A file of a Maven repository, over HTTPS or from a folder (file://)."""

import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Self

from detectors.errors import UnusableInput

CENTRAL = "https://repo1.maven.org/maven2"
_TIMEOUT_SECONDS = 30.0
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
_SERVER_FAULT = 500


@dataclass(frozen=True, order=True)
class Coordinate:
    """What names an artifact: group:artifact:version."""

    group: str
    artifact: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read group:artifact:version. Raises ValueError."""
        group, artifact, version = text.split(":")
        return cls(group, artifact, version)

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"

    def file_name(self, extension: str) -> str:
        """The file's own name, the same in every repository."""
        return f"{self.artifact}-{self.version}.{extension}"

    def path(self, extension: str) -> str:
        """Where the file lies in a repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name(extension)}"


def require_url(repository: str) -> None:
    """Raise UnusableInput unless this is the address of something that can be a repository."""
    if urllib.parse.urlsplit(repository).scheme not in ("https", "http", "file"):
        raise UnusableInput(
            f"{repository!r} is not the address of a Maven repository: it must begin with https://, http:// or "
            f"file://. Correct VIGIE_MAVEN_URL, or leave it out to use {CENTRAL}."
        )


def fetch(repository: str, path: str) -> bytes:
    """The whole file; the largest jar has 11 MB. Proxy variables and SSL_CERT_FILE hold, as urllib has it.

    A passing fault is tried again, three times in all. Raises OSError (urllib.error.URLError is one).
    """
    request = urllib.request.Request(f"{repository.rstrip('/')}/{path}", headers={"User-Agent": "vigie"})  # noqa: S310  the scheme was checked by require_url
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  likewise
                content: bytes = answer.read()
                return content
        except OSError as error:
            if attempt == _ATTEMPTS or not _may_pass(error):
                raise
            time.sleep(_PAUSE_SECONDS * attempt)
    raise AssertionError


def _may_pass(error: OSError) -> bool:
    """Whether the same request may succeed soon: not where the server knows the answer or the name is unknown."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= _SERVER_FAULT
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return isinstance(reason, TimeoutError | ConnectionResetError)
