"""The night's log: what is in it, its files by the definitions, and kills at every point."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from coalition.config import Config
from partner_sdk.wire.tlog.proofs import LogProof
from partner_sdk.wire.tlog.records import statement_record
from partner_sdk.wire.tlog.tiles import Tile
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.log import service
from settlement.log.domain import grow
from settlement.log.errors import LogBehind, LogKeyMissing, RecordChanged
from settlement.log.service import NewRecord
from settlement.steps.chain import Busy, settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, tell_day_one, tell_day_two
from tests.integration.settlement.log_reading import (
    checkpoints_of,
    files_in,
    folder_of,
    forget_log_after,
    kinds_of,
    records_of,
    require_whole,
    the_log,
)
from tests.integration.settlement.reading import bundle_path
from tests.killing import is_killed
from tests.slow_log import tile_files

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)
SLUGS = ("grocer", "fuel", "bakery", "pool", "operator")


def settle(books: Books, night: Night, day: date) -> None:
    books.end(day)
    settle_date(night=night, business_date=day)


def record_of(path: Path) -> bytes:
    with ZipFile(path) as bundle:
        content, signature = bundle.read("statement.json"), bundle.read("statement.json.p7s")
    return statement_record(
        statement_id=json.loads(content)["statement_id"], statement=content, signature=signature
    )


def test_a_night_records_certificates_agreements_and_statements(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    settle(books, night, ONE)
    kinds = kinds_of(books.engine)
    assert kinds == ["certificate"] * 2 + ["agreement"] * 3 + ["statement"] * 5
    tell_day_two(books, story, day=TWO)
    settle(books, night, TWO)
    assert kinds_of(books.engine) == kinds + ["statement"] * 5
    records = records_of(books.engine)
    for day in (ONE, TWO):
        for slug in SLUGS:
            assert record_of(bundle_path(night, day, slug)) in records
    with books.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, version, terms_sha256 FROM agreement"))
        for row in rows:
            bound = f"{hub_id(row.id)}\n{row.version}\n{bytes(row.terms_sha256).hex()}\n"
            hashed = sha256(bound.encode()).hexdigest()
            assert json.dumps({"kind": "agreement", "sha256": hashed}, separators=(",", ":")) in [
                record.decode() for record in records
            ]


def hub_id(value: Any) -> str:
    from partner_sdk.wire.ids import encode

    return encode("agr", value)


def test_the_files_are_those_of_the_definitions_night_after_night(
    books: Books, night: Night
) -> None:
    tell_day_one(books, day=ONE)
    for number in range(3):
        settle(books, night, ONE + timedelta(days=number))
        require_whole(night, books.engine)
    assert [size for size, _ in checkpoints_of(books.engine)] == [10, 15, 20]


def test_a_new_signers_certificate_is_a_record_of_its_own(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    naming = night.naming(coalition="Test Coalition", environment="test")
    night.keystore.rotate(now=night.wall(), naming=naming)
    settle(books, night, TWO)
    roles = [
        json.loads(record)["role"] for record in records_of(books.engine) if b'"role"' in record
    ]
    assert roles == ["root", "signer", "signer"]


class Killed(BaseException):
    """Ends the step as a kill does: whatever was not committed is gone."""


def test_killed_at_any_statement_the_same_log_comes_of_it(
    books: Books, make_pipeline: Callable[..., Night]
) -> None:
    at = {"left": 10**6, "watched": False}

    def observe(_day: date, stage: str) -> None:
        at["watched"] = stage.startswith("log:") and stage != "log:committed"

    def count(*_: Any) -> None:
        if at["watched"]:
            at["left"] -= 1
            if at["left"] < 0:
                at["left"] = 10**6
                raise Killed

    night = make_pipeline(observe=observe)
    event.listen(night.database.engine, "before_cursor_execute", count)
    tell_day_one(books, day=ONE)
    books.end(ONE)
    signed: set[tuple[int, bytes]] = set()
    for kills in range(200):
        at["left"] = kills
        try:
            settle_date(night=night, business_date=ONE)
        except Killed:
            signed |= set(checkpoints_of(books.engine))
            continue
        break
    assert 10 < kills < 199
    require_whole(night, books.engine)
    assert signed <= set(checkpoints_of(books.engine))
    assert len(checkpoints_of(books.engine)) == 1
    assert len(records_of(books.engine)) == 10


def settle_until_killed(renames: int, config: Config, day: date) -> None:
    """Settle a date in this process, which ends at a file of the log that gets its name."""
    seen = itertools.count()

    def watch(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "os.rename" and "/log/" in str(arguments[1]) and next(seen) == renames:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    night = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=str(config.database_url),
    )
    settle_date(night=night, business_date=day)


@pytest.mark.parametrize(
    "renames", [1, *(pytest.param(n, marks=pytest.mark.prove) for n in (0, 2, 3))]
)
def test_killed_while_files_are_written_the_same_files_come_of_it(
    renames: int, books: Books, config: Config, night: Night
) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    killed = is_killed(settle_until_killed, renames, config, ONE, address=str(config.database_url))
    assert killed or renames == 3
    signed = checkpoints_of(books.engine)
    settle_date(night=night, business_date=ONE)
    assert checkpoints_of(books.engine) == signed
    require_whole(night, books.engine)


def test_two_nights_at_once_make_one_log(books: Books, make_pipeline: Callable[..., Night]) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    nights = [make_pipeline() for _ in range(4)]

    def run(night: Night) -> None:
        for _ in range(100):
            try:
                settle_date(night=night, business_date=ONE)
            except Busy:
                night.pause(0.02)
            else:
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, nights))
    require_whole(nights[0], books.engine)
    assert [size for size, _ in checkpoints_of(books.engine)] == [10]


def test_the_database_refuses_a_second_checkpoint_of_a_size(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    again = text(
        "INSERT INTO settlement.log_checkpoint (log_no, size, root, note, signed_at)"
        " SELECT log_no, size, sha256('other'), note, signed_at FROM settlement.log_checkpoint"
    )
    with pytest.raises(IntegrityError), books.engine.begin() as connection:
        connection.execute(again)


def test_the_files_can_be_written_anew(books: Books, night: Night) -> None:
    for number in range(3):
        settle(books, night, ONE + timedelta(days=number))
    folder = folder_of(night)
    before = files_in(folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    service.rewrite(database=night.database, log=the_log(night), folder=folder)
    assert files_in(folder) == before
    require_whole(night, books.engine)


def test_a_file_that_was_cut_short_is_found_and_written_anew(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    log, folder = the_log(night), folder_of(night)
    tile = next(folder.glob("tile/0/000.p/*"))
    tile.write_bytes(tile.read_bytes()[:-1])
    with night.database.transaction() as connection:
        (found,) = service.check_log(connection=connection, logs_folder=night.logs_folder, log=log)
    assert "is not as the database has it" in found.message
    assert service.rewrite(database=night.database, log=log, folder=folder) == 2
    with night.database.transaction() as connection:
        assert (
            service.check_log(connection=connection, logs_folder=night.logs_folder, log=log) == []
        )


def test_each_statement_has_its_proof(books: Books, night: Night) -> None:
    tell_day_one(books, day=ONE)
    settle(books, night, ONE)
    settle(books, night, TWO)
    key = the_log(night).key
    for day, size in ((ONE, 10), (TWO, 15)):
        for slug in SLUGS:
            path = bundle_path(night, day, slug)
            with ZipFile(path) as bundle:
                statement_id = json.loads(bundle.read("statement.json"))["statement_id"]
            with night.database.transaction() as connection:
                proof = service.proof_of_statement(connection=connection, statement_id=statement_id)
            assert proof is not None
            read = LogProof.from_bytes(proof.to_bytes())
            assert read.verify(record=record_of(path), log=[key]).checkpoint.size == size


def test_a_statement_that_is_recorded_is_never_recorded_otherwise(
    books: Books, night: Night
) -> None:
    settle(books, night, ONE)
    other = statement_record(statement_id="stm_1", statement=b"{}", signature=b"-")
    changed = statement_record(statement_id="stm_1", statement=b"{ }", signature=b"-")
    log = the_log(night)
    with night.database.transaction() as connection:
        records = [NewRecord(other), NewRecord(other)]
        assert (
            service.append(connection=connection, log=log, records=records, now=night.wall()) == 1
        )
    with pytest.raises(RecordChanged), night.database.transaction() as connection:
        service.append(
            connection=connection, log=log, records=[NewRecord(changed)], now=night.wall()
        )


def test_a_log_whose_key_is_lost_is_not_signed_by_another(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    key = night.config.data_folder / "keys" / "log" / "statements.key.pem"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(LogKeyMissing, match="put it back from its backup"):
        settle(books, night, TWO)
    night.log_keys.load_or_create(name="statements")
    with pytest.raises(LogKeyMissing, match="is not that of the log"):
        settle(books, night, TWO)
    key.write_bytes(kept)
    settle(books, night, TWO)
    require_whole(night, books.engine)


def test_a_second_log_is_a_row(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    with night.database.transaction() as connection:
        audit, signer = service.open_log(
            connection=connection,
            name="audit",
            origin="testers.example/audit",
            keys=night.log_keys,
            now=night.wall(),
        )
        action = b'{"action":"partner.suspend","kind":"action","no":1}'
        service.append(
            connection=connection, log=audit, records=[NewRecord(action)], now=night.wall()
        )
        folder = night.logs_folder / audit.folder_name
        service.sign(
            connection=connection,
            log=audit,
            signer=signer,
            folder=folder,
            business_date=None,
            now=night.wall(),
        )
    service.publish(database=night.database, log=audit, folder=folder)
    assert files_in(folder) == tile_files([action])
    assert audit.public_key != the_log(night).public_key
    require_whole_statements = folder_of(night)
    assert require_whole_statements != folder


@pytest.mark.parametrize("batches", [[1], [255, 1], [256, 1], [200, 200, 200], [600]])
def test_tiles_grow_to_those_of_the_definition(batches: list[int]) -> None:
    records = [b"%d" % number for number in range(sum(batches))]
    kept: dict[tuple[int, int], bytes] = {}
    size = 0
    for count in batches:
        leaves = [sha256(b"\x00" + one).digest() for one in records[size : size + count]]
        before = dict(kept)
        kept |= grow(size=size, leaves=leaves, read=partial(_tile_in, before))
        size += count
    wanted = {}
    for name, content in tile_files(records).items():
        _, level, rest = name.split("/", 2)
        if level != "entries":
            wanted[int(level), int(rest.split(".")[0])] = content
    assert kept == wanted


def _tile_in(kept: dict[tuple[int, int], bytes], tile: Tile) -> bytes:
    return kept[tile.level or 0, tile.index]


def test_an_older_backup_is_noticed_and_nothing_is_signed_on_it(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    settle(books, night, TWO)
    forget_log_after(books.engine, size=4)
    with night.database.transaction() as connection:
        (trouble,) = service.find_trouble(connection=connection, logs_folder=night.logs_folder)
    assert "4 records in the database and 6 in" in trouble.message
    with pytest.raises(LogBehind, match="an older backup was restored"):
        settle(books, night, TWO + timedelta(days=1))
    assert [size for size, _ in checkpoints_of(books.engine)] == [4]


def test_what_the_files_still_have_is_put_back(books: Books, night: Night) -> None:
    settle(books, night, ONE)
    settle(books, night, TWO)
    before = checkpoints_of(books.engine)
    forget_log_after(books.engine, size=4)
    folder = folder_of(night)
    recovered = service.recover(
        database=night.database,
        log=the_log(night),
        folder=folder,
        source=folder,
        now=night.wall(),
    )
    assert recovered == 2
    assert checkpoints_of(books.engine) == before
    settle(books, night, TWO + timedelta(days=1))
    require_whole(night, books.engine)
