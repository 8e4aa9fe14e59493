"""What the commands of ``coalition-partner`` share: reading files, writing answers, refusing."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from partner_sdk.wire import archive
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.messages import SaleResult

__all__ = [
    "SHOWN",
    "RefusedError",
    "UsageError",
    "read_object",
    "read_objects",
    "refusal_text",
    "show",
    "statement_id_of",
]

#: What a command returns that has written its answer itself.
SHOWN = object()


class UsageError(Exception):
    """Something that the caller must set right before a command can run."""


class RefusedError(Exception):
    """The command ran, and the answer is no; each argument is a line to say."""


def read_object(text: str, *, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"{where} is not a JSON object")
    return value


def read_objects(name: str) -> Iterator[dict[str, Any]]:
    with Path(name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield read_object(line, where=f"{name}:{number}")


def statement_id_of(given: str) -> str:
    """Return the id that was given, or that of the statement whose bundle was."""
    if not Path(given).is_file():
        return given
    with Path(given).open("rb") as stream:
        content = archive.read_entry(stream=stream, name=archive.STATEMENT)
    return str(read_object(content.decode(), where=given)["statement_id"])


def show(value: object) -> None:
    """Print an answer as JSON; a sequence of answers one to a line."""
    if isinstance(value, Iterator):
        for item in value:
            show(item)
        return
    print(json.dumps(_plain(value), ensure_ascii=False))


def _plain(value: object) -> Any:
    """Return an answer as JSON's own types, spelled as on the wire."""
    if isinstance(value, Money):
        return value.to_wire()
    if isinstance(value, datetime):
        return format_instant(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value) if field.name != "raw")
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, int | None) else str(value)


def refusal_text(result: SaleResult) -> str:
    """Say in a line why one sale of many was refused."""
    if result.problem is None:
        return f"{result.id}: HTTP {result.status}"
    fields = "; ".join(f"{error.pointer} {error.message}" for error in result.problem.errors)
    return f"{result.id}: {result.problem.code}: {fields or result.problem.detail}"
