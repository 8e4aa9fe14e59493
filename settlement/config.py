"""Settlement's own settings, beside the hub's; read once by the composition root, then frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from coalition.config import Config, ConfigError
from coalition.settings import Setting


def _setting(
    variable: str,
    description: str,
    *,
    default: Any,
    shown: str | None = None,
    secret: bool = False,
) -> Any:
    return field(
        default=default,
        repr=not secret,
        metadata={"variable": variable, "description": description, "shown": shown},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementConfig:
    """The settings of the nightly pipeline."""

    key_passphrase: str = _setting(
        "SETTLEMENT_KEY_PASSPHRASE",
        "Passphrase of the statement signer's key file under the data folder. Needed in a live "
        "environment; a test environment derives one from COALITION_SECRET.",
        default="",
        shown="(derived; none in live)",
        secret=True,
    )
    pkcs11_module: str = _setting(
        "SETTLEMENT_PKCS11_MODULE",
        "The vendor's PKCS#11 module (a path), where statements are signed by keys in a token; "
        "without one, signers' keys are files under the data folder.",
        default="",
        shown="(none)",
    )
    pkcs11_token: str = _setting(
        "SETTLEMENT_PKCS11_TOKEN",
        "The label of the token.",
        default="",
        shown="(none)",
    )
    pkcs11_key: str = _setting(
        "SETTLEMENT_PKCS11_KEY",
        "What the signers' keys are called in the token (CKA_LABEL).",
        default="statements",
    )
    pkcs11_log_key: str = _setting(
        "SETTLEMENT_PKCS11_LOG_KEY",
        "What the log's keys are called in the token, which must make Ed25519 keys; without it "
        "they are files under the data folder.",
        default="",
        shown="(none)",
    )
    pkcs11_pin: str = _setting(
        "SETTLEMENT_PKCS11_PIN",
        "The PIN of the token's user.",
        default="",
        shown="(none)",
        secret=True,
    )
    pkcs11_pin_file: str = _setting(
        "SETTLEMENT_PKCS11_PIN_FILE",
        "A file with that PIN alone, in place of the variable.",
        default="",
        shown="(none)",
    )
    processes: int = _setting(
        "SETTLEMENT_PROCESSES",
        "Processes that write the bundles of a large night.",
        default=2,
    )
    lines_per_process: int = _setting(
        "SETTLEMENT_LINES_PER_PROCESS",
        "Lines for which another process is worth starting; smaller nights are written by one.",
        default=50_000,
    )
    close_wait_ms: int = _setting(
        "SETTLEMENT_CLOSE_WAIT_MS",
        "Longest time that closing a window may make postings wait, in milliseconds; the closing "
        "tries again until it comes through.",
        default=250,
    )

    log_origin: str = _setting(
        "SETTLEMENT_LOG_ORIGIN",
        "What the public logs are called on their checkpoints, before a slash and the log's name; "
        "an address without scheme, such as loyalty.example. Read when a log begins, then kept.",
        default="",
        shown="(the coalition's name and environment)",
    )

    pdf: str = _setting(
        "SETTLEMENT_PDF",
        "Whether bundles have a statement.pdf: yes or no. It takes about a tenth of a second for "
        "each statement.",
        default="yes",
    )
    timestamp_url: str = _setting(
        "SETTLEMENT_TIMESTAMP_URL",
        "Address of a timestamp authority (RFC 3161) for the signatures in PDFs; without one they "
        "have the signer's own time only.",
        default="",
        shown="(none)",
    )
    timestamp_failure: str = _setting(
        "SETTLEMENT_TIMESTAMP_FAILURE",
        "When the authority gives no timestamp after three attempts: refuse, so that the step "
        "fails and is tried again, or sign without it, which the log then says of each statement.",
        default="refuse",
    )

    def __post_init__(self) -> None:
        """Refuse what cannot work, naming the variable."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int) and value < 1:
                raise ConfigError(f"{each.metadata['variable']} must be 1 or more")
        if self.pdf not in {"yes", "no"}:
            raise ConfigError("SETTLEMENT_PDF must be yes or no")
        if self.pkcs11_module and not self.pkcs11_token:
            raise ConfigError("SETTLEMENT_PKCS11_TOKEN is needed beside SETTLEMENT_PKCS11_MODULE")
        if self.pkcs11_log_key and not self.pkcs11_module:
            raise ConfigError("SETTLEMENT_PKCS11_MODULE is needed for SETTLEMENT_PKCS11_LOG_KEY")
        if self.pkcs11_module and bool(self.pkcs11_pin) == bool(self.pkcs11_pin_file):
            raise ConfigError("give one of SETTLEMENT_PKCS11_PIN and SETTLEMENT_PKCS11_PIN_FILE")
        if self.timestamp_failure not in {"refuse", "sign"}:
            raise ConfigError("SETTLEMENT_TIMESTAMP_FAILURE must be refuse or sign")
        if self.timestamp_url and not self.timestamp_url.startswith(("http://", "https://")):
            raise ConfigError("SETTLEMENT_TIMESTAMP_URL must begin with http:// or https://")
        if any(c.isspace() or c == "+" for c in self.log_origin):
            raise ConfigError("SETTLEMENT_LOG_ORIGIN must be without blanks and plus signs")


def settlement_settings() -> list[Setting]:
    """Every setting, in the order of the class; the docs' table is made from it."""
    return [
        Setting(
            name=each.name,
            variable=str(each.metadata["variable"]),
            default=each.metadata["shown"] or str(each.default),
            description=str(each.metadata["description"]),
        )
        for each in fields(SettlementConfig)
    ]


def settlement_environment(*, settings: SettlementConfig) -> dict[str, str]:
    """The variables from which a process of ours reads the same settings."""
    return {
        str(each.metadata["variable"]): str(getattr(settings, each.name))
        for each in fields(SettlementConfig)
    }


def read_settlement_config(
    *, hub: Config, environment: Mapping[str, str] | None = None
) -> SettlementConfig:
    """Read the settings from the environment. Raises ConfigError."""
    found = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for each in fields(SettlementConfig):
        text = found.get(str(each.metadata["variable"]), "")
        if text == "":
            continue  # an empty variable counts as not given
        if isinstance(each.default, int):
            if not text.isascii() or not text.isdigit():
                raise ConfigError(f"{each.metadata['variable']} must be a whole number")
            values[each.name] = int(text)
        else:
            values[each.name] = text
    if not values.get("key_passphrase"):
        if hub.environment == "live":
            raise ConfigError(
                "SETTLEMENT_KEY_PASSPHRASE is needed in a live environment, to open the "
                "statement signer's key"
            )
        values["key_passphrase"] = hub.derived_key(purpose="statement signing keys").hex()
    return SettlementConfig(**values)
