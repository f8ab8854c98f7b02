"""A real Redis that speaks TLS, where one is installed: the embedded Valkey is built without."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.connect import connect_async
from tests.alerts.server import Server, free_port
from tests.certificates import Certificate, made_certificate
from tests.tools import tool
from vigie.__main__ import main


@contextmanager
def secured(folder: Path, certificate: Certificate, *, clients: str = "no") -> Iterator[tuple[str, str]]:
    """The addresses of a port of TLS, without its scheme, and of one without, of a server."""
    port = free_port()
    settings = {
        "tls-port": port,
        "tls-cert-file": certificate.served,
        "tls-key-file": certificate.served,
        "tls-ca-cert-file": certificate.authority,
        "tls-auth-clients": clients,
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    with Server(folder, tool("redis-server"), *words) as server:
        yield f"127.0.0.1:{port}/0", server.url.removeprefix("redis://")


def test_a_server_of_tls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, other = made_certificate(tmp_path / "own"), made_certificate(tmp_path / "other")
    trusting = f"?ssl_ca_certs={certificate.authority}"

    def told(url: str) -> str:
        """What `vigie alerts list` says as it fails; the dispatcher's client fails too."""
        assert main(["alerts", "list", "--redis", url]) == 1
        with pytest.raises(Exception, match=r"connect|reading|writing"):
            asyncio.run(ask(url))
        return capsys.readouterr().err

    with secured(tmp_path / "server", certificate) as (address, plain):
        good = f"rediss://{address}{trusting}"
        assert main(["alerts", "list", "--redis", good]) == 0
        asyncio.run(ask(good))
        assert "rediss://host:port/0?ssl_ca_certs=FILE" in told(f"rediss://{address}")
        assert "ssl_ca_certs=FILE" in told(f"rediss://{address}?ssl_ca_certs={other.authority}")
        assert "a file that its address names is not there" in told(f"rediss://{address}?ssl_ca_certs=/none.pem")
        assert "certificate is of another host" in told(good.replace("127.0.0.1", "localhost"))
        assert "say rediss:// in VIGIE_REDIS" in told(f"redis://{address}")
        assert "look whether its port is one of TLS" in told(
            f"rediss://{plain}{trusting}&socket_connect_timeout=0.5&socket_timeout=0.5"
        )


def test_a_server_that_asks_for_certificates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, other = made_certificate(tmp_path / "own"), made_certificate(tmp_path / "other")
    with secured(tmp_path / "server", certificate, clients="yes") as (address, _):
        good = f"rediss://{address}?ssl_ca_certs={certificate.authority}"
        own = f"{good}&ssl_certfile={certificate.served}&ssl_keyfile={certificate.served}"
        assert main(["alerts", "list", "--redis", own]) == 0
        asyncio.run(ask(own))
        for refused in (good, own.replace(str(certificate.served), str(other.served))):
            assert main(["alerts", "list", "--redis", refused]) == 1
            assert "show it a certificate that its authority has signed" in capsys.readouterr().err


def test_a_server_whose_certificate_has_expired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = made_certificate(tmp_path / "own", days=-1)
    with secured(tmp_path / "server", certificate) as (address, _):
        assert main(["alerts", "list", "--redis", f"rediss://{address}?ssl_ca_certs={certificate.authority}"]) == 1
    assert "its certificate has expired" in capsys.readouterr().err


async def ask(url: str) -> None:
    """As the dispatcher does."""
    client = connect_async(url, 2)
    try:
        await client.ping()
    finally:
        await client.aclose()
