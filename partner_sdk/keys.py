"""Reading and making the partner's Ed25519 key pair."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

__all__ = ["load_private_key", "public_key_text", "read_private_key", "write_new_private_key"]


def load_private_key(value: Ed25519PrivateKey | bytes | str) -> Ed25519PrivateKey:
    """Return the key from a key object, its PEM text, or its 32 raw bytes.

    Raises:
        ValueError: none of these, or a key of another kind.
    """
    if isinstance(value, Ed25519PrivateKey):
        return value
    data = value.encode() if isinstance(value, str) else value
    if len(data) == 32:
        return Ed25519PrivateKey.from_private_bytes(data)
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the private key must be unencrypted PEM (PKCS #8) or raw") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the private key must be an Ed25519 key")
    return key


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key from a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it does not hold an Ed25519 key.
    """
    return load_private_key(path.read_bytes())


def write_new_private_key(path: Path) -> Ed25519PrivateKey:
    """Make a key pair and write the private key, readable by its owner only.

    Raises:
        FileExistsError: a file is there already; it is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Return the public key as the hub registers it: base64 of its 32 raw bytes."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()
