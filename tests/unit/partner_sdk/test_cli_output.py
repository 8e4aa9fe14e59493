"""What the commands of ``coalition-partner`` share: a statement by its id or by its bundle."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from partner_sdk.cli_output import statement_id_of
from partner_sdk.wire import archive


def _write_bundle(path: Path, statement: bytes) -> None:
    entries, packed = [], b""
    for name in archive.FILES:
        content = statement if name == archive.STATEMENT else b"-"
        entry = archive.Entry(name, zlib.crc32(content), len(content), len(packed))
        packed += archive.local_header(entry=entry) + content
        entries.append(entry)
    path.write_bytes(packed + archive.directory(entries=entries))


def test_a_statement_is_named_by_its_id_or_by_the_file_of_its_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "grocer-2031-03-03.zip"
    _write_bundle(bundle, json.dumps({"statement_id": "stm_in_it"}).encode())
    assert statement_id_of(str(bundle)) == "stm_in_it"
    assert statement_id_of("stm_told") == "stm_told"


def test_a_file_that_is_no_bundle_names_no_statement(tmp_path: Path) -> None:
    other = tmp_path / "journal.csv"
    other.write_bytes(b"entry,date\n")
    with pytest.raises(archive.InvalidArchive):
        statement_id_of(str(other))
