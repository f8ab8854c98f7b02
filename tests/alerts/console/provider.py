"""oidc-provider-mock as a process of its own: an OpenID provider that lets in whoever says who they are."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.alerts.server import free_port
from tests.processes import started


@contextmanager
def provider(folder: Path, users: Mapping[str, Mapping[str, Any]], host: str = "127.0.0.1") -> Iterator[str]:
    """Its issuer, once it knows the claims of these users, by subject."""
    port, path = free_port(), folder / "provider.log"
    url = f"http://{host}:{port}"
    with path.open("wb") as log, httpx.Client() as client:
        process = started([sys.executable, "-m", "oidc_provider_mock", "-p", str(port)], stdout=log, stderr=log)
        try:
            while not _told(client, url, users):
                assert process.poll() is None, path.read_text()
                time.sleep(0.05)
            yield url
        finally:
            process.kill()
            process.wait()


def _told(client: httpx.Client, url: str, users: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell it of the users; False where it does not answer yet."""
    try:
        return all(client.put(f"{url}/users/{name}", json=claims).is_success for name, claims in users.items())
    except httpx.TransportError:
        return False
