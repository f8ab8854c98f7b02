"""The set-up of .venv, on a package made here: no network, a folder with an awkward name, a real pip."""

import base64
import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from deploy import environment

WHEEL = "thing-1.0-py3-none-any.whl"


def make_wheel(folder: Path) -> str:
    """A wheel of one module; returns its SHA-256."""
    files = {
        "thing.py": b"ANSWER = 42\n",
        "thing-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        "thing-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={record_hash(content)},{len(content)}\n" for name, content in files.items())
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr("thing-1.0.dist-info/RECORD", f"{record}thing-1.0.dist-info/RECORD,,\n")
    return hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()


def record_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in an awkward folder whose locks name one package, found in the cache alone."""
    folder = tmp_path / "l'été \"d'essai\" $HOME"
    wheels = tmp_path / "cache" / "wheels"
    folder.mkdir()
    wheels.mkdir(parents=True)
    lock = f"thing==1.0 --hash=sha256:{make_wheel(wheels)}\n"
    for name in environment.LOCKS.values():
        (folder / name).write_text(lock + f"# {name}\n")
    (folder / "ours.py").write_text("from thing import ANSWER\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return folder


def test_it_works_offline_once_and_again_and_says_what_it_does(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.set_up("run", tmp_path / "cache")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ... ")[0].split()[0] for line in lines] == ["making", "installing"]
    assert all(line.endswith(" s") for line in lines)
    asked = subprocess.run(
        [project / ".venv/bin/python", "-c", "import ours; print(ours.ANSWER)"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "42\n", "its own modules are found from anywhere"

    environment.set_up("run", tmp_path / "cache")
    assert capsys.readouterr().err == ""

    (project / "requirements.lock").write_text((project / "requirements.lock").read_text() + "# changed\n")
    environment.set_up("run", tmp_path / "cache")
    assert capsys.readouterr().err.startswith("installing requirements.lock")

    # The lock of the tests holds that of the program.
    environment.set_up("dev", tmp_path / "cache")
    assert capsys.readouterr().err.startswith("installing requirements-dev.lock")
    environment.set_up("run", tmp_path / "cache")
    assert capsys.readouterr().err == ""

    (tmp_path / "cache" / "wheels" / WHEEL).write_bytes(b"damaged")
    (project / "requirements.lock").write_text((project / "requirements.lock").read_text() + "# again\n")
    subprocess.run([project / ".venv/bin/python", "-m", "pip", "-q", "uninstall", "-y", "thing"], check=True)
    with pytest.raises(environment.EnvironmentFailed, match=r"(?s)requirements\.lock are neither all in .*wheels nor"):
        environment.set_up("run", tmp_path / "cache")
