"""A token in software (SoftHSM 2), one for each test that asks."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
LABEL, PIN = "coalition", "a-pin-of-tests"

needs_softhsm = pytest.mark.skipif(
    shutil.which("softhsm2-util") is None
    or importlib.util.find_spec("pkcs11") is None
    or not any(each.exists() for each in _MODULES),
    reason="SoftHSM 2 or python-pkcs11 is not installed",
)


@dataclass(frozen=True)
class SoftToken:
    """A token in a folder of its own."""

    folder: Path

    @property
    def module(self) -> str:
        """The module, as SETTLEMENT_PKCS11_MODULE takes it."""
        return str(next(each for each in _MODULES if each.exists()))

    def take_away(self) -> None:
        """Let the token be gone."""
        (self.folder / "tokens").rename(self.folder / "away")
        (self.folder / "tokens").mkdir()

    def put_back(self) -> None:
        """Let it be there again."""
        (self.folder / "tokens").rmdir()
        (self.folder / "away").rename(self.folder / "tokens")


def make_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    """Make a token, which processes of ours see from now on."""
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    subprocess.run(
        [
            "softhsm2-util", "--init-token", "--free", "--label", LABEL,
            "--so-pin", "another-pin", "--pin", PIN,
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )  # fmt: skip
    return SoftToken(folder)
