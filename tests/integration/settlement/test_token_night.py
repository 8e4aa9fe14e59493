"""A night that a token signs: several processes, and the token away once; keys in the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from partner_sdk.verify import verify_bundle
from settlement.log import service
from settlement.signing import TokenUnavailable
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, tell_day_one
from tests.integration.settlement.log_reading import require_whole
from tests.integration.settlement.reading import bundle_path
from tests.softhsm import LABEL, PIN, make_token, needs_softhsm

pytestmark = needs_softhsm

DAY = date(2026, 3, 1)
SLUGS = ("grocer", "fuel", "bakery", "pool", "operator")


def test_a_token_signs_a_night_of_several_processes_and_is_waited_for(
    books: Books,
    make_pipeline: Callable[..., Night],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pkcs11

    from settlement.signing.token import open_token

    token = make_token(tmp_path / "softhsm", monkeypatch)
    open_token.cache_clear()
    pkcs11.lib(token.module).reinitialize()
    tell_day_one(books, day=DAY)
    books.end(DAY)
    night = make_pipeline(
        pdf="yes",
        processes=2,
        lines_per_process=1,
        pkcs11_module=token.module,
        pkcs11_token=LABEL,
        pkcs11_pin=PIN,
        pkcs11_log_key="log",
    )
    token.take_away()
    with pytest.raises(TokenUnavailable):
        settle_date(night=night, business_date=DAY)
    token.put_back()
    settle_date(night=night, business_date=DAY)
    for slug in SLUGS:
        verified = verify_bundle(
            bundle=bundle_path(night, DAY, slug), root=night.root_path.read_bytes()
        )
        assert verified.ok, verified.findings
    keys = night.config.data_folder / "keys"
    assert [file.name for file in keys.rglob("*.key.pem")] == ["root.key.pem"]
    require_whole(night, books.engine)


def test_each_new_certificate_becomes_a_record_of_the_log(
    books: Books, make_pipeline: Callable[..., Night]
) -> None:
    tell_day_one(books, day=DAY)
    books.end(DAY)
    night = make_pipeline()
    naming = night.naming(coalition="Test Coalition", environment="test")
    night.keystore.ensure(now=night.wall(), naming=naming)
    night.keystore.rotate(now=night.wall(), naming=naming)
    settle_date(night=night, business_date=DAY)
    with night.database.transaction() as connection:
        log = service.read_log(connection=connection, name=service.STATEMENTS)
        assert log is not None
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM settlement.log_record WHERE kind = 'certificate'"
        ).scalar_one()
    assert found == 3  # the root, and two signers
