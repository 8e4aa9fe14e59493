"""The verifier against the published bundles: what was accepted once is accepted for ever."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from partner_sdk.verify import verify_bundle
from partner_sdk.verify.linecheck import check_lines
from partner_sdk.wire.certificates import InvalidChain
from partner_sdk.wire.lines import COLUMNS, CSV_HEADER, INTEGER_COLUMNS, csv_line, ndjson_line

_VECTORS = Path(str(resources.files("partner_sdk.wire.vectors")))


def test_the_published_bundles_verify_and_go_on_from_one_another() -> None:
    first, second = _VECTORS / "bakery-1.zip", _VECTORS / "bakery-2.zip"
    root = (_VECTORS / "root.pem").read_bytes()
    assert verify_bundle(bundle=first, root=root).findings == ()
    found = verify_bundle(bundle=second, root=root, previous=first)
    assert found.ok
    assert found.statement is not None
    assert found.statement.statement_no == 2
    assert found.lines == found.statement.lines.count > 0


def test_a_bundle_does_not_precede_itself() -> None:
    root = (_VECTORS / "root.pem").read_bytes()
    bundle = _VECTORS / "bakery-2.zip"
    found = verify_bundle(bundle=bundle, root=root, previous=bundle)
    assert {finding.code for finding in found.findings} == {"continuity"}


def test_a_finding_reads_as_file_line_and_reason(tmp_path: Path) -> None:
    content = (_VECTORS / "bakery-1.zip").read_bytes()
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content.replace(b'"points":', b'"points" ', 1))
    found = verify_bundle(bundle=changed, root=(_VECTORS / "root.pem").read_bytes())
    assert "lines.ndjson:1: differs from the other rendering of the line (line)" in map(
        str, found.findings
    )


def test_a_trust_anchor_that_is_none_is_the_callers_error() -> None:
    with pytest.raises(InvalidChain):
        verify_bundle(bundle=_VECTORS / "bakery-1.zip", root=b"not a certificate")


def test_a_row_whose_text_lacks_its_guard_differs_from_the_line() -> None:
    values: list[str | None] = [None] * len(COLUMNS)
    for column in INTEGER_COLUMNS:
        values[COLUMNS.index(column)] = "1"
    for text in ("=1", "+1", "-1", "@x", "'x"):
        values[COLUMNS.index("receipt")] = text
        values[COLUMNS.index("net")] = "-1.000000"
        line, row = ndjson_line(values), csv_line(values)
        for spelled, differing in (
            (row, []),
            (row.replace(f"'{text}".encode(), text.encode()), [1]),
        ):
            found = check_lines(
                ndjson=[line],
                csv=iter([CSV_HEADER, spelled]),
                slots=[bytes(32)],
                statement_no=1,
                currency="EUR",
            )
            assert found.differing == differing, (text, spelled)
