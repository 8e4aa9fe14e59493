"""The PDFs of a night: in every bundle, in the partner's language, whoever writes them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from partner_sdk.verify import verify_bundle
from partner_sdk.wire import verifier
from settlement.cli.tables import show_status
from settlement.doctor import check
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.reports import read_status
from settlement.signing import TimestampUnavailable
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, tell_day_one
from tests.integration.settlement.reading import bundle_path
from tests.poppler import needs_poppler, read_attachment, read_signatures, read_text
from tests.timestamp_server import serve_timestamps

DAY = date(2026, 3, 1)
VERIFIER = Path(verifier.__file__).with_name("verify.py")
SLUGS = ("grocer", "fuel", "bakery", "pool", "operator")


def _read(night: Night, slug: str) -> tuple[bytes, bytes]:
    """A bundle's statement.json and statement.pdf."""
    with zipfile.ZipFile(bundle_path(night, DAY, slug)) as bundle:
        return bundle.read("statement.json"), bundle.read("statement.pdf")


def _party_no(engine: Engine, slug: str) -> int:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT no FROM party WHERE slug = :slug"), {"slug": slug})
        return int(found.scalar_one())


@needs_poppler
def test_several_processes_put_a_signed_pdf_into_every_bundle(
    books: Books, make_pipeline: Callable[..., Night], engine: Engine, tmp_path: Path
) -> None:
    tell_day_one(books, day=DAY)
    books.end(DAY)
    night = make_pipeline(pdf="yes", processes=2, lines_per_process=1)
    with engine.begin() as connection:
        set_profile(
            connection=connection,
            party_no=_party_no(engine, "bakery"),
            profile=Profile(language="uk"),
            set_by="operator",
            now=night.wall(),
        )
    settle_date(night=night, business_date=DAY)
    for slug in SLUGS:
        statement, pdf = _read(night, slug)
        assert read_attachment(pdf, tmp_path, "statement.json") == statement
        (signature,) = read_signatures(pdf, tmp_path)
        assert signature.valid
        assert signature.whole_document
        assert "statement.pdf" in json.loads(statement)["beside"]
        verified = verify_bundle(
            bundle=bundle_path(night, DAY, slug), root=night.root_path.read_bytes()
        )
        assert verified.findings == ()
    assert "Виписка взаєморозрахунків" in read_text(_read(night, "bakery")[1])
    assert "Statement of account" in read_text(_read(night, "grocer")[1])


@needs_poppler
def test_without_its_timestamp_a_night_stops_and_goes_on_when_the_authority_is_back(
    books: Books, make_pipeline: Callable[..., Night], tmp_path: Path
) -> None:
    tell_day_one(books, day=DAY)
    books.end(DAY)
    with serve_timestamps(tmp_path / "tsa") as authority:
        authority.misdeeds = [503] * 3
        night = make_pipeline(pdf="yes", timestamp_url=authority.url)
        with pytest.raises(TimestampUnavailable):
            settle_date(night=night, business_date=DAY)
        assert not bundle_path(night, DAY, "grocer").exists()
        settle_date(night=night, business_date=DAY)
        assert authority.asked > 3
    for slug in SLUGS:
        (signature,) = read_signatures(_read(night, slug)[1], tmp_path)
        assert signature.valid
        path = bundle_path(night, DAY, slug)
        assert verify_bundle(bundle=path, root=night.root_path.read_bytes()).findings == ()
        done = subprocess.run(
            [sys.executable, VERIFIER, path, "--root", night.root_path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_a_night_may_sign_without_a_timestamp_and_its_log_says_so(
    books: Books, make_pipeline: Callable[..., Night], capsys: pytest.CaptureFixture[str]
) -> None:
    tell_day_one(books, day=DAY)
    books.end(DAY)
    night = make_pipeline(pdf="yes", timestamp_url="http://127.0.0.1:1/", timestamp_failure="sign")
    settle_date(night=night, business_date=DAY)
    said = capsys.readouterr().out
    assert said.count("statement_without_timestamp") == len(SLUGS)
    (done, _) = read_status(night=night, count=1)
    assert done.without_timestamp == len(SLUGS)
    show_status([done])
    assert f"{len(SLUGS)}, {len(SLUGS)} without timestamp" in capsys.readouterr().out
    with night.database.transaction() as connection:
        notes = [each for each in check(night.config, connection) if each[1] == "timestamps"]
    assert notes == [
        (
            "note",
            "timestamps",
            f"{len(SLUGS)} PDFs of {DAY} were signed without one",
            "it cannot be added later: see docs/how-to/run-the-night.md#timestamps",
        )
    ]


def test_bundles_can_do_without_a_pdf(books: Books, make_pipeline: Callable[..., Night]) -> None:
    tell_day_one(books, day=DAY)
    books.end(DAY)
    night = make_pipeline(pdf="no")
    settle_date(night=night, business_date=DAY)
    with zipfile.ZipFile(bundle_path(night, DAY, "bakery")) as bundle:
        assert "statement.pdf" not in bundle.namelist()
        assert json.loads(bundle.read("statement.json"))["beside"] == ["statement.json.p7s"]
