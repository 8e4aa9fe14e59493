"""What the statement says, by language: a file of messages each, all with the same keys."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from babel import Locale

from settlement.profiles.domain import LANGUAGES

__all__ = ["Catalogue", "load_catalogue"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The messages of one language: text by ``section.key``, plurals by ``section.key`` too."""

    language: str
    texts: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]

    def text(self, key: str, **values: object) -> str:
        """Return a message with its places filled in. Raises KeyError for an unknown one."""
        return self.texts[key].format(**values)

    def known(self, key: str, default: str) -> str:
        """Return a message, or the default where there is none."""
        return self.texts.get(key, default)

    def plural(self, key: str, number: int, **values: object) -> str:
        """Return the form of a message that goes with a number (CLDR's plural rules)."""
        forms = self.plurals[key]
        category = Locale.parse(self.language).plural_form(number)
        return forms.get(category, forms["other"]).format(**values)


@cache
def load_catalogue(*, language: str) -> Catalogue:
    """Read a language's messages, which are part of the program.

    Raises:
        KeyError: there is no such language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    file = resources.files(__package__) / "messages" / f"{language}.toml"
    texts: dict[str, str] = {}
    plurals: dict[str, dict[str, str]] = {}
    _gather("", tomllib.loads(file.read_text(encoding="utf-8")), texts, plurals)
    return Catalogue(language, texts, plurals)


def _gather(
    path: str, table: Mapping[str, Any], texts: dict[str, str], plurals: dict[str, dict[str, str]]
) -> None:
    if path and "other" in table:
        plurals[path] = dict(table)
        return
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, str):
            texts[name] = value
        else:
            _gather(name, value, texts, plurals)
