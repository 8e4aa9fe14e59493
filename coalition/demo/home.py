"""Where the demo keeps its things: all under the data folder, all removable.

`demo/` holds what only the demo needs (keys of the brands, journal, logs); its presence is what
allows a reset to remove the database beside it.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from coalition.config import Config, ConfigError, read_config
from coalition.demo.brands import CURRENCY
from coalition.demo.data import FIRST_DATE, ZONE

__all__ = ["COALITION_NAME", "Home", "demo_config"]

COALITION_NAME = "Main Street"
#: What a reset removes from the data folder; nothing else there is the demo's.
_MADE_HERE = (
    "demo", "keys", "metrics", "postgres", "postgres.lock", "root.pem", "secret.key", "statements",
)  # fmt: skip


def demo_config() -> Config:
    """The environment's configuration, with what the data fixes: zone, currency, first date."""
    overrides = {
        "environment": "test",
        "currency": CURRENCY,
        "time_zone": ZONE.key,
        "first_date": FIRST_DATE.isoformat(),
        "face_value": "0.01",
    }
    if not os.environ.get("COALITION_NAME"):
        overrides["name"] = COALITION_NAME
    if not os.environ.get("COALITION_LOG_LEVEL"):
        overrides["log_level"] = "warning"  # a line for each of a replay's requests helps nobody
    return read_config(overrides=overrides)


@dataclass(frozen=True, slots=True)
class Home:
    """The data folder as the demo uses it."""

    folder: Path

    @property
    def own(self) -> Path:
        """What only the demo needs."""
        return self.folder / "demo"

    @property
    def journal(self) -> Path:
        """What the replay must remember."""
        return self.own / "journal.jsonl"

    @property
    def statements(self) -> Path:
        """The bundles, a folder for each business date."""
        return self.folder / "statements"

    @property
    def root(self) -> Path:
        """The certificate that verifiers trust."""
        return self.folder / "root.pem"

    def log(self, name: str) -> Path:
        """The log of one of the demo's processes."""
        return self.own / f"{name}.log"

    def brand_key(self, slug: str) -> Path:
        """A brand's private key (Ed25519, PEM)."""
        return self.own / "brand-keys" / f"{slug}.pem"

    @property
    def exists(self) -> bool:
        """Whether a demo was begun here."""
        return self.own.is_dir()

    def reset(self, *, own_database: bool) -> None:
        """Remove all that a demo made here.

        Raises:
            ConfigError: the database here, or the one that DATABASE_URL names, is not the demo's.
        """
        if not own_database:
            raise ConfigError(
                "RESET=1 does not empty the database that DATABASE_URL names: give an empty one"
            )
        if (self.folder / "postgres").exists() and not self.exists:
            raise ConfigError(
                f"{self.folder} holds a coalition that the demo did not make; use another folder "
                "(COALITION_DATA)"
            )
        for name in _MADE_HERE:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
