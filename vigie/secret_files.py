"""Secrets in files that their owner alone may read: the form in which VIGIE_..._FILE takes them."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from detectors.errors import UnusableInput


def redis_passwords(folder: Path, users: list[str], address: str) -> dict[str, str]:
    """A password for each user, from the file of its name in a folder; made where it is missing.

    A file holds the whole URL of VIGIE_REDIS_FILE, and has mode 0600 from its beginning; `address` is the URL without a
    user. Raises UnusableInput.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or "@" in parts.netloc:
        raise UnusableInput("--address is redis://host:port/database or rediss://..., without user and password")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        user: _password(folder / user, user, parts._replace(netloc="{}@" + parts.netloc).geturl()) for user in users
    }


def _password(path: Path, user: str, url: str) -> str:
    try:
        password = urlsplit(path.read_text(encoding="utf-8").strip()).password
        if password is None:
            raise UnusableInput(f"{path} holds no Redis URL with a password: move it away, or correct it")
        if path.stat().st_mode & 0o077:
            raise UnusableInput(f"{path} may be read by others than its owner: chmod 600 {path}, and change the secret")
        return unquote(password)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. Correct its rights, or give another --secrets") from error
    password = secrets.token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(url.format(f"{user}:{password}") + "\n")
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. Give another --secrets") from error
    return password
