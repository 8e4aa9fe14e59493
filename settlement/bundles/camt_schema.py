"""Bank statements held against the schema that ISO 20022 publishes, before they are signed."""

from functools import cache
from importlib import resources

from lxml import etree

__all__ = ["InvalidCamt", "check_camt"]

_SCHEMA = "camt.053.001.08.xsd"


class InvalidCamt(ValueError):  # noqa: N818 - the name says it
    """The file does not fit the schema; the message says where."""


def check_camt(*, content: bytes) -> None:
    """Check a ``camt.053.xml``.

    Raises:
        InvalidCamt: it does not fit the schema.
    """
    try:
        _schema().assertValid(etree.fromstring(content, _parser()))
    except etree.DocumentInvalid as error:
        raise InvalidCamt(str(error)) from error


@cache
def _schema() -> etree.XMLSchema:
    file = resources.files("settlement.rendering") / "schemas" / _SCHEMA
    return etree.XMLSchema(etree.fromstring(file.read_bytes(), _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)
