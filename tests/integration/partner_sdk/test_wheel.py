"""The partner's wheel installs alone, in an environment that has nothing else."""

import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import partner_sdk

SDK = Path(partner_sdk.__file__).parent

PROGRAM = """
import sys
from partner_sdk import Money, OfflineQueue
from partner_sdk.testing import HubSimulator
from partner_sdk.verify import verify_bundle

assert "site-packages" in sys.modules["partner_sdk"].__file__
with HubSimulator() as hub, hub.client() as client:
    ann = client.enrol()
    hub.grant(ann.id, 40)
    print(client.redeem(ann, points=40).amount == Money(400_000, "EUR"))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and what it says it needs, copied from here."""
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, so that building leaves nothing in the source.
    source = folder / "source" / "partner_sdk"
    shutil.copytree(SDK, source, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    place = folder / "empty"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index",
         "--no-deps", "--disable-pip-version-check", str(wheel)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (packages,) = place.glob("lib/python3*/site-packages")
    (metadata,) = packages.glob("coalition_partner_sdk-*.dist-info")
    for needed in _closure(Distribution.at(metadata)):
        _copy(needed, packages)
    return place


def _closure(start: Distribution) -> list[Distribution]:
    found: dict[str, Distribution] = {}
    open_ends = [start]
    while open_ends:
        for line in open_ends.pop().requires or []:
            requirement = Requirement(line)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and requirement.name not in found:
                found[requirement.name] = distribution(requirement.name)
                open_ends.append(found[requirement.name])
    return list(found.values())


def _copy(package: Distribution, packages: Path) -> None:
    for file in package.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = packages / str(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)


def test_the_wheel_declares_its_three_dependencies_and_no_more(environment: Path) -> None:
    (metadata,) = environment.glob("lib/python3*/site-packages/coalition_partner_sdk-*.dist-info")
    names = {Requirement(line).name for line in Distribution.at(metadata).requires or []}
    assert names == {"cryptography", "http-message-signatures", "requests"}


def test_the_wheel_carries_its_types_and_nothing_of_the_hub(environment: Path) -> None:
    (packages,) = environment.glob("lib/python3*/site-packages")
    assert (packages / "partner_sdk" / "py.typed").exists()
    for absent in ("coalition", "settlement", "adapters", "tests", "pyproject.toml"):
        assert not (packages / absent).exists()
    assert not (packages / "partner_sdk" / "pyproject.toml").exists()


def test_the_installed_package_works_alone(environment: Path) -> None:
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-I", "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={},
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_the_installed_command_answers(environment: Path) -> None:
    command = environment / "bin" / "coalition-partner"
    done = subprocess.run([str(command), "--help"], capture_output=True, text=True, env={})
    assert (done.returncode, done.stderr) == (0, "")
    assert "verify" in done.stdout
