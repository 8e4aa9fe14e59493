"""The partner's package: its wheel goes into an empty environment and needs three libraries."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_REQUIRED = re.compile(r"^Requires-Dist: ([\w-]+)(?!.*extra)", re.MULTILINE)
_EXTRA = re.compile(r"^Requires-Dist: ([\w-]+).*extra == '(\w+)'", re.MULTILINE)
PROBE = """
import importlib.util, json, partner_sdk
from partner_sdk import Money, OfflineQueue, PartnerClient, verify_webhook
print(json.dumps({
    "coalition": importlib.util.find_spec("coalition") is not None,
    "file": partner_sdk.__file__,
    "client": PartnerClient.__module__,
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a clean copy of nothing but the SDK's own folder."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
         cwd=ROOT / "partner_sdk")  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel, at the versions that the lock file names."""
    folder = tmp_path_factory.mktemp("partner")
    lock = (ROOT / "requirements.lock").read_text()
    versions = folder / "versions.txt"
    versions.write_text("\n".join(re.findall(r"^[\w.-]+==[\w.+-]+", lock, re.MULTILINE)) + "\n")
    _run([sys.executable, "-m", "venv", str(folder / "venv")], cwd=folder)
    python = folder / "venv" / "bin" / "python"
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
          "--constraint", str(versions), str(wheel)], cwd=folder)  # fmt: skip
    return folder / "venv"


def _run(command: list[str], *, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_its_types_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        said = archive.read(metadata).decode()
    assert _EXTRA.findall(said) == [("xlsxwriter", "xlsx")]
    required = sorted(_REQUIRED.findall(said))
    assert required == ["cryptography", "http-message-signatures", "requests"]
    assert {name.split("/")[0].split("-")[0] for name in names} <= {
        "partner_sdk",
        "coalition_partner_sdk",
    }
    assert "partner_sdk/py.typed" in names
    assert "partner_sdk/wire/signing.py" in names
    assert not [n for n in names if n.endswith(("pyproject.toml", ".pyc"))]


def test_it_installs_alone_with_three_libraries_and_what_they_need(environment: Path) -> None:
    listed = json.loads(
        _run([str(environment / "bin" / "python"), "-m", "pip", "list", "--format", "json",
              "--disable-pip-version-check"], cwd=environment)
    )  # fmt: skip
    names = {each["name"].lower().replace("_", "-") for each in listed}
    own = {"coalition-partner-sdk", "cryptography", "http-message-signatures", "requests"}
    theirs = {
        *("certifi", "charset-normalizer", "idna", "urllib3"),
        *("cffi", "pycparser", "http-sf", "typing-extensions"),
    }
    assert own <= names
    assert names - own - {"pip", "setuptools", "wheel"} <= theirs
    _run([str(environment / "bin" / "python"), "-m", "pip", "check"], cwd=environment)


def test_it_works_without_the_hub(environment: Path) -> None:
    said = json.loads(
        _run([str(environment / "bin" / "python"), "-W", "error", "-c", PROBE], cwd=environment)
    )
    assert said["coalition"] is False
    assert str(environment) in said["file"]
    assert said["client"] == "partner_sdk.client"


def test_its_command_is_there(environment: Path) -> None:
    said = _run([str(environment / "bin" / "coalition-partner"), "--help"], cwd=environment)
    assert "verify" in said
