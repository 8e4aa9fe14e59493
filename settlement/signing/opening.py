"""The keystore that the settings name: keys in files, or in a token."""

from pathlib import Path

from coalition.config import ConfigError
from settlement.config import SettlementConfig
from settlement.signing.errors import TokenUnavailable
from settlement.signing.keystore import FileKeystore
from settlement.signing.signer import SignerKeys

__all__ = ["open_keystore"]


def open_keystore(*, folder: Path, settings: SettlementConfig) -> FileKeystore:
    """Return the keystore whose certificates are in ``folder``.

    Raises:
        coalition.config.ConfigError: the file with the PIN cannot be read, or is empty.
        TokenUnavailable: there is a token, and not what it takes to talk to one.
    """
    return FileKeystore(
        folder=folder, passphrase=settings.key_passphrase, keys=_token_keys(settings)
    )


def _token_keys(settings: SettlementConfig) -> SignerKeys | None:
    if not settings.pkcs11_module:
        return None
    try:
        # Imported where it is needed: it is not installed where there is no token.
        from settlement.signing.token import TokenSettings, open_token
    except ImportError as error:
        raise TokenUnavailable(
            "keys in a token need python-pkcs11: install the extra `pkcs11`"
        ) from error
    return open_token(
        TokenSettings(
            module=settings.pkcs11_module,
            token=settings.pkcs11_token,
            key_label=settings.pkcs11_key,
            pin=settings.pkcs11_pin or _pin_in(Path(settings.pkcs11_pin_file)),
        )
    )


def _pin_in(file: Path) -> str:
    try:
        pin = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"SETTLEMENT_PKCS11_PIN_FILE: {file} cannot be read") from None
    if not pin:
        raise ConfigError(f"SETTLEMENT_PKCS11_PIN_FILE: {file} is empty")
    return pin
