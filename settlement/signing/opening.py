"""The keys that the settings name: in files, or in a token."""

from pathlib import Path
from typing import TYPE_CHECKING

from coalition.config import ConfigError
from settlement.config import SettlementConfig
from settlement.signing.errors import TokenUnavailable
from settlement.signing.keystore import FileKeystore
from settlement.signing.log_key import LogKeys

if TYPE_CHECKING:
    from settlement.signing.token import Token

__all__ = ["open_keystore", "open_log_keys"]


def open_keystore(*, folder: Path, settings: SettlementConfig) -> FileKeystore:
    """Return the keystore whose certificates are in ``folder``.

    Raises:
        coalition.config.ConfigError: the file with the PIN cannot be read, or is empty.
        TokenUnavailable: there is a token, and not what it takes to talk to one.
    """
    keys = None
    if settings.pkcs11_module:
        token = _token(settings)  # first: it says what is not installed
        from settlement.signing.token_keys import TokenKeys

        keys = TokenKeys(token, settings.pkcs11_key)
    return FileKeystore(folder=folder, passphrase=settings.key_passphrase, keys=keys)


def open_log_keys(*, folder: Path, settings: SettlementConfig) -> LogKeys:
    """Return the keys of the logs, whose files are below ``folder``.

    Raises:
        coalition.config.ConfigError: the file with the PIN cannot be read, or is empty.
        TokenUnavailable: there is a token, and not what it takes to talk to one.
    """
    keys = None
    if settings.pkcs11_log_key:
        token = _token(settings)
        from settlement.signing.token_keys import TokenLogKeys

        keys = TokenLogKeys(token, settings.pkcs11_log_key)
    return LogKeys(folder, settings.key_passphrase, keys)


def _token(settings: SettlementConfig) -> "Token":
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
