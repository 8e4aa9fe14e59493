"""The reference of orders says what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from adapters.generic.adapter import MOST_BYTES, MOST_ORDERS
from adapters.generic.manifest import MANIFEST
from partner_sdk.wire.orders import (
    FORMAT,
    MAX_FAULTS,
    MAX_ORDERS,
    MAX_ROW_BYTES,
    RECORDS,
    OrderFileReader,
    read_order,
)
from tests.docs.pages import DOCS

PAGE = (DOCS / "reference" / "orders.md").read_text("utf-8")
SCHEMA = json.loads((DOCS / "reference" / "order.schema.json").read_text("utf-8"))


def part(heading: str) -> str:
    """What stands below a heading, up to the next one."""
    return re.split(r"\n#{2,3} ", PAGE.partition(f"# {heading}\n")[2])[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`|]+)` \|", text, flags=re.MULTILINE)


def example(language: str) -> str:
    return PAGE.partition(f"```{language}\n")[2].partition("```")[0]


def test_every_row_and_column_of_the_file_is_documented_in_order() -> None:
    for record, columns in RECORDS.items():
        assert tuple(first_cells(part(f"`{record}`"))) == columns
    assert FORMAT in PAGE


def members(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The dotted paths of all members that an order may have."""
    for name, inner in schema.get("properties", {}).items():
        at = f"{path}.{name}" if path else name
        yield at
        yield from members(resolved(inner), at + ("[]" if listed(inner) else ""))


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        elif "items" in schema:
            schema = schema["items"]
        elif "$ref" in schema:
            schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        else:
            return schema


def listed(schema: Mapping[str, Any]) -> bool:
    return "items" in (schema["anyOf"][0] if "anyOf" in schema else schema)


def test_every_member_of_an_order_is_documented_in_the_order_of_the_schema() -> None:
    assert first_cells(part("The order")) == list(members(SCHEMA))


def test_every_type_of_message_is_documented() -> None:
    cells = first_cells(part("The message"))
    assert tuple(cells[cells.index("type") + 1 :]) == MANIFEST.events


def test_the_examples_say_the_same_order() -> None:
    order = read_order(json.loads(example("json order")))
    reader = OrderFileReader(BytesIO(example("csv file").encode()))
    found = [each for _, each in reader]
    assert (reader.complete, reader.faults) == (True, [])
    assert found == [order]


def test_the_limits_are_as_they_are() -> None:
    numbers = re.findall(r"^\| [a-z].* \| ([0-9,]+)", part("Limits"), flags=re.MULTILINE)
    assert [int(each.replace(",", "")) for each in numbers] == [
        MAX_ROW_BYTES,
        MAX_ORDERS,
        MOST_BYTES,
        MAX_FAULTS,
    ]
    assert f"1 to {MOST_ORDERS} orders" in PAGE
