"""Bundles on disk: their judges are OpenSSL, unzip's reader in Python, and the verifier."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from partner_sdk.verify import verify_bundle
from partner_sdk.wire import archive
from partner_sdk.wire.lines import COLUMNS
from settlement.bundles import BundleBusy, BundleWriter
from settlement.rendering import LINE_ROW, BundleInconsistent, LineHeading, rounding_row
from settlement.signing import FileKeystore
from tests.integration.settlement.bundle_maker import SIGNED_AT, Books, make_keystore, make_rows


@pytest.fixture
def keystore(tmp_path: Path) -> FileKeystore:
    return make_keystore(tmp_path / "keys")


@pytest.fixture
def account(tmp_path: Path, keystore: FileKeystore) -> Books:
    return Books(folder=tmp_path, signer=keystore.signer(now=SIGNED_AT))


def _openssl_accepts(bundle: Path, folder: Path) -> bool:
    with zipfile.ZipFile(bundle) as opened:
        opened.extractall(folder)
    command = [
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "statement.json.p7s",
        "-content", "statement.json", "-CAfile", "root.pem", "-out", os.devnull,
        # The certificates of tests are of a fixed day.
        "-attime", str(int(SIGNED_AT.timestamp())),
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def test_openssl_accepts_the_signature_and_refuses_another_statement(
    account: Books, tmp_path: Path
) -> None:
    issued = account.issue(make_rows(50))
    assert _openssl_accepts(issued.path, tmp_path / "out")
    statement = tmp_path / "out" / "statement.json"
    statement.write_bytes(statement.read_bytes().replace(b"bakery", b"baker!", 1))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in"]
    command += ["statement.json.p7s", "-content", "statement.json", "-CAfile", "root.pem"]
    command += ["-out", os.devnull, "-attime", str(int(SIGNED_AT.timestamp()))]
    refused = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, check=False)
    assert refused.returncode != 0


def test_a_bundle_is_a_plain_zip_whose_two_renderings_say_the_same(account: Books) -> None:
    issued = account.issue(make_rows(2345))
    with zipfile.ZipFile(issued.path) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert names == [name for name in archive.FILES if name in names]
        assert set(archive.FILES) - archive.OPTIONAL <= set(names)
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        objects = [json.loads(line) for line in opened.read("lines.ndjson").splitlines()]
        text = io.StringIO(opened.read("lines.csv").decode(), newline="")
        table = list(csv.DictReader(text))
        statement = json.loads(opened.read("statement.json"))
    assert [tuple(o) for o in objects] == [COLUMNS] * len(objects)
    as_text = [{k: "" if v is None else str(v) for k, v in o.items()} for o in objects]
    assert as_text == table
    assert [o["line_no"] for o in objects] == list(range(1, len(objects) + 1))
    assert statement["lines"]["count"] == len(objects) == issued.line_count


def test_a_text_that_a_spreadsheet_would_compute_is_guarded_and_verifies(
    account: Books, keystore: FileKeystore
) -> None:
    row = list(make_rows(1)[0])
    rows = []
    for text in ("=1+1", "+7", "-2+3", "@SUM(A1)", "'tis", '=HYPERLINK("x")'):
        row[LINE_ROW.index("receipt")] = row[LINE_ROW.index("store")] = text
        rows.append(tuple(row))
    path = account.issue(rows).path
    assert verify_bundle(bundle=path, root=keystore.root_pem()).findings == ()
    with zipfile.ZipFile(path) as opened:
        table = list(csv.DictReader(io.StringIO(opened.read("lines.csv").decode(), newline="")))
        lines = [json.loads(line) for line in opened.read("lines.ndjson").splitlines()]
    texts = [line["receipt"] for line in lines[:6]]
    assert texts == ["=1+1", "+7", "-2+3", "@SUM(A1)", "'tis", '=HYPERLINK("x")']
    for name in ("receipt", "store"):
        assert [line[name] for line in table[:6]] == [f"'{text}" for text in texts]


def test_a_counterpartys_copy_has_no_receipt_no_time_and_other_names(account: Books) -> None:
    row = list(make_rows(1)[0])
    path = account.issue([tuple(row), (False, *row[1:])]).path
    with zipfile.ZipFile(path) as opened:
        own, copy = [json.loads(x) for x in opened.read("lines.ndjson").splitlines()[:2]]
    hidden = {"document_id", "partner_ref", "store", "till", "receipt"}
    hidden |= {"occurred_at", "occurred_local", "posted_at"}
    assert all(copy[name] is None and own[name] is not None for name in hidden)
    assert own["member"].startswith("mem_")
    assert copy["member"].startswith("psn_")
    assert own["movement_id"] != copy["movement_id"]
    assert own["lot"] != copy["lot"]


def test_statements_go_on_from_one_another_and_residues_are_carried(
    account: Books, keystore: FileKeystore
) -> None:
    bundles = [account.issue(make_rows(count, seed=count)).path for count in (40, 0, 7, 500)]
    before: Path | None = None
    for bundle in bundles:
        found = verify_bundle(bundle=bundle, root=keystore.root_pem(), previous=before)
        assert found.findings == ()
        before = bundle
    skipped = verify_bundle(bundle=bundles[2], root=keystore.root_pem(), previous=bundles[0])
    assert {finding.code for finding in skipped.findings} == {"continuity"}


def test_a_statement_without_lines_and_one_in_yen_verify(
    tmp_path: Path, keystore: FileKeystore
) -> None:
    signer = keystore.signer(now=SIGNED_AT)
    for currency, count in (("EUR", 0), ("JPY", 30)):
        account = Books(folder=tmp_path, signer=signer, currency=currency)
        issued = account.issue(make_rows(count), name=f"{currency}.zip")
        assert verify_bundle(bundle=issued.path, root=keystore.root_pem()).findings == ()


def test_nothing_is_written_when_lines_and_netting_disagree(account: Books, tmp_path: Path) -> None:
    account.opening_micros = 1
    rows = [*make_rows(20), rounding_row(counterparty="grocer", net_micros=17)]
    with pytest.raises(BundleInconsistent):
        account.issue(rows)
    assert not list(tmp_path.glob("*.zip"))
    assert not list(tmp_path.glob(".*.part"))


def test_a_second_writer_of_the_same_bundle_is_refused_while_the_first_lives(
    account: Books, tmp_path: Path
) -> None:
    arguments = {
        "path": tmp_path / "bakery-1.zip",
        "heading": LineHeading(1, "2026-11-22", "EUR"),
        "signer": account.signer,
        "pseudonym_key": bytes(32),
    }
    with BundleWriter(**arguments), pytest.raises(BundleBusy):
        BundleWriter(**arguments)
    assert account.issue(make_rows(3)).path.exists()


def test_a_kill_half_way_leaves_no_bundle_and_the_next_run_takes_over(
    account: Books, tmp_path: Path, keystore: FileKeystore
) -> None:
    script = f"""
import sys, time
from pathlib import Path
from tests.integration.settlement.bundle_maker import *
from settlement.bundles import BundleWriter
signer = make_keystore(Path({str(tmp_path / "keys")!r})).signer(now=SIGNED_AT)
writer = BundleWriter(path=Path({str(tmp_path / "bakery-1.zip")!r}),
    heading=LineHeading(1, "2026-11-22", "EUR"), signer=signer, pseudonym_key=bytes(32))
rows = make_rows(1000)
while True:
    writer.add(rows=rows)
    print("written", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(5):
        assert process.stdout.readline() == b"written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (tmp_path / ".bakery-1.zip.part").exists()
    assert not (tmp_path / "bakery-1.zip").exists()
    issued = account.issue(make_rows(10))
    assert verify_bundle(bundle=issued.path, root=keystore.root_pem()).ok
    assert not (tmp_path / ".bakery-1.zip.part").exists()


def test_a_kill_while_the_document_is_made_leaves_no_bundle(
    account: Books, tmp_path: Path, keystore: FileKeystore
) -> None:
    script = f"""
import sys, time
from pathlib import Path
from tests.integration.settlement.bundle_maker import *
def make_pdf(**_):
    print("signed", flush=True)
    time.sleep(600)
signer = make_keystore(Path({str(tmp_path / "keys")!r})).signer(now=SIGNED_AT)
Books(folder=Path({str(tmp_path)!r}), signer=signer, make_pdf=make_pdf).issue(make_rows(30))
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"signed\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not list(tmp_path.glob("*.zip"))
    issued = account.issue(make_rows(30))
    assert verify_bundle(bundle=issued.path, root=keystore.root_pem()).ok
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["bakery-1.zip"]


def test_a_document_that_cannot_be_made_leaves_nothing(account: Books, tmp_path: Path) -> None:
    def fail(**_: object) -> bytes:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        replace(account, make_pdf=fail).issue(make_rows(3))
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_memory_does_not_grow_with_the_lines(account: Books, keystore: FileKeystore) -> None:
    peaks = []
    rows = make_rows(2000)
    for repeats in (3, 9):
        tracemalloc.start()
        issued = account.issue(row for _ in range(repeats) for row in rows)
        writing = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assert verify_bundle(bundle=issued.path, root=keystore.root_pem()).findings == ()
        peaks.append((writing, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    (small_write, small_verify), (large_write, large_verify) = peaks
    assert large_write < small_write * 1.5
    assert large_verify < small_verify * 1.5
