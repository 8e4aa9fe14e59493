"""verify.py as a file: what it needs, and that it reads lines as the SDK does."""

from __future__ import annotations

import ast
import runpy
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner_sdk.verify import linecheck
from partner_sdk.verify.conversion import is_converted
from partner_sdk.wire import archive, verifier
from partner_sdk.wire.amounts import format_micros, minor_digits, round_half_even_to_minor
from partner_sdk.wire.lines import (
    AMOUNT_COLUMNS,
    COLUMNS,
    INTEGER_COLUMNS,
    clean_text,
    csv_line,
    ndjson_line,
)
from partner_sdk.wire.merkle import root_of

_PATH = Path(verifier.__file__).parent / "verify.py"


@cache
def _program() -> dict[str, Any]:
    return runpy.run_path(str(_PATH), run_name="verify")


def test_it_is_python_3_9_and_imports_the_standard_library_only() -> None:
    tree = ast.parse(verifier.SOURCE, feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    assert imported - {"__future__"} <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl", "ctypes", "importlib"}


def test_it_is_plain_text_with_unix_line_ends() -> None:
    assert verifier.SOURCE.isascii() or verifier.SOURCE.decode("utf-8")
    assert b"\r" not in verifier.SOURCE
    assert verifier.SOURCE.endswith(b"\n")
    assert len(verifier.SHA256) == 64


def test_it_knows_the_same_files_columns_and_format() -> None:
    program = _program()
    assert program["FILES"] == archive.FILES
    assert set(program["OPTIONAL"]) == set(archive.OPTIONAL)
    assert program["COLUMNS"] == COLUMNS
    assert set(program["INTEGERS"]) == INTEGER_COLUMNS
    assert set(program["NUMBERS"]) == INTEGER_COLUMNS | AMOUNT_COLUMNS


_texts = st.text(max_size=20).map(clean_text) | st.text("\",\\ =+-@'☕", max_size=6)
_amounts = st.integers(-(10**9), 10**9).map(lambda units: f"{units}.000000")


def _value(column: str) -> st.SearchStrategy[str | None]:
    if column in INTEGER_COLUMNS:
        return st.integers(0, 10**9).map(str)
    return st.none() | (_amounts if column in AMOUNT_COLUMNS else _texts)


_values = st.tuples(*map(_value, COLUMNS))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_values, _values, st.data())
def test_it_joins_the_two_renderings_of_a_line_as_the_sdk_does(
    values: tuple[str | None, ...], others: tuple[str | None, ...], data: st.DataObject
) -> None:
    lines = _program()["Lines"]({"statement_no": 1, "currency": "EUR"})
    rendering = linecheck._Rendering()
    line, row = ndjson_line(values), csv_line(values)
    expected = [(value or "").encode() for value in values]
    assert lines.fields_of(line, row) == expected
    other = csv_line(others)
    assert lines.fields_of(line, other) == (expected if other == row else None)
    at = data.draw(st.integers(0, len(row) - 1))
    changed = row[:at] + data.draw(st.binary(max_size=2)) + row[at + 1 :]
    assert lines.fields_of(line, changed) == rendering.fields_of(line=line, row=changed)


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD", "CLF", "UAH"]))
def test_it_writes_and_rounds_amounts_as_the_sdk_does(micros: int, currency: str) -> None:
    program, digits = _program(), minor_digits(currency)
    text = format_micros(micros, min_digits=digits)
    assert program["text_of"](micros, digits) == text
    assert program["micros_of"](text) == micros
    assert program["rounded"](micros, currency) == round_half_even_to_minor(micros, currency)


@given(
    st.integers(-(10**14), 10**14), st.integers(1, 10**13), st.integers(-1, 1), st.integers(0, 12)
)
def test_it_judges_conversions_as_the_sdk_does(
    micros: int, scaled: int, off: int, digits: int
) -> None:
    units, rest = divmod(scaled, 10**10)
    rate = f"{units}.{rest:010d}".rstrip("0").rstrip(".")
    settled = round(Fraction(micros) * Fraction(rate)) + off
    assert is_converted(micros=micros, rate=rate.encode(), settled=settled) == (off == 0)
    for spelled in (rate, rate[:digits], f"{rate}0", f"0{rate}", f"-{rate}", "", "1e3"):
        text = spelled.encode()
        assert _program()["is_converted"](micros, text, settled) == is_converted(
            micros=micros, rate=text, settled=settled
        )


@given(st.lists(st.integers(0, 40), max_size=6))
def test_it_builds_the_same_tree(sizes: list[int]) -> None:
    tree = _program()["Tree"]()
    leaves = [bytes([number % 251]) * 32 for number in range(sum(sizes))]
    at = 0
    for size in sizes:
        tree.extend(leaves[at : at + size])
        at += size
    assert tree.root() == root_of(leaves=leaves)
