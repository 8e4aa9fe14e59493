"""The hub's secret: given in base64, or, in a test environment, made once in the data folder."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

SECRET_BYTES = 32


class ConfigError(Exception):
    """A setting is missing or cannot be used; the message names the variable and how to mend it."""


def decode_secret(text: str, *, source: str) -> bytes:
    """The bytes of a secret in base64. Raises ConfigError naming `source`."""
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"{source} must be {SECRET_BYTES} bytes in base64")
    return secret


def secret_in(folder: Path) -> bytes:
    """The test environment's secret: made once, whole or not at all, readable by its owner only."""
    path = folder / "secret.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f".secret.{os.getpid()}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(SECRET_BYTES)) + b"\n")
        try:
            path.hardlink_to(made)  # fails if another process was first: then theirs is the secret
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return decode_secret(path.read_text(), source=str(path))
