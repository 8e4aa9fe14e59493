"""Partners as witnesses of a served log: cosigning, kills, forks, older backups, wrong tiles."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk.cli import main
from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError
from partner_sdk.verify import verify_bundle
from partner_sdk.wire import ids
from partner_sdk.wire.tlog.checkpoints import cosign, cosigner_key
from partner_sdk.wire.tlog.notes import Note, VerifierKey
from partner_sdk.witness import LogForked, TilesDoNotFit, Witness
from settlement.log import service
from settlement.log.errors import LogForked as ForkNoticed
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, World, terms
from tests.hub_http import HttpHub
from tests.hub_server import serving
from tests.integration.settlement.conftest import make_pipeline, night  # noqa: F401 - fixtures
from tests.integration.settlement.log_reading import (
    checkpoints_of,
    folder_of,
    forget_log_after,
    records_of,
    the_log,
)
from tests.slow_log import note_is_signed

NOW = 1_780_000_000.0


@dataclass
class Partner:
    """A partner with its own key, as its engineers have it."""

    slug: str
    client: PartnerClient
    key_id: str
    private: Ed25519PrivateKey
    address: str
    folder: Path

    def witness(self, log: VerifierKey) -> Witness:
        return Witness(
            client=self.client,
            log=log,
            key_id=self.key_id,
            private_key=self.private,
            state=self.folder / f"{self.slug}.seen",
            now=lambda: NOW,
        )

    def command(self, *arguments: str) -> int:
        key = self.folder / f"{self.slug}.pem"
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key.write_bytes(pem)
        said = ["--url", self.address, "--key-id", self.key_id, "--private-key", str(key)]
        return main([*said, *arguments])


@dataclass
class Served:
    """A served hub, its world and its night."""

    world: World
    night: Night
    hub: HttpHub
    address: str
    folder: Path
    clients: ExitStack
    day: date = DAY_1

    def partner(self, slug: str) -> Partner:
        caller = self.hub.caller(slug)
        key_id = ids.encode("key", caller.key_id)
        client = self.clients.enter_context(
            PartnerClient(self.address, key_id=key_id, private_key=caller.private)
        )
        return Partner(slug, client, key_id, caller.private, self.address, self.folder)

    def settle(self) -> date:
        day = self.day
        self.world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
        settle_date(night=self.night, business_date=day)
        self.day = day + timedelta(days=1)
        return day

    @property
    def key(self) -> VerifierKey:
        return the_log(self.night).key


@pytest.fixture
def served(
    engine: Engine,
    config: Config,
    night: Night,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> Iterator[Served]:
    world = World(engine)
    for slug in ("grocer", "bakery"):
        world.partner(slug, terms())
    hub = HttpHub(world, config)
    with serving(hub.app) as address, ExitStack() as clients:
        yield Served(world, night, hub, address, tmp_path, clients)


def test_a_witness_cosigns_each_state_once(served: Served) -> None:
    first = served.settle()
    grocer = served.partner("grocer")
    witness = grocer.witness(served.key)
    looked = witness.look()
    assert (looked.outcome, looked.size, looked.since) == ("cosigned", 8, 0)
    assert witness.look().outcome == "unchanged"
    note = grocer.client.log_checkpoint()
    assert note_is_signed(
        note,
        name=f"{served.key.name}/witness/{grocer.key_id}",
        public_key=grocer.private.public_key().public_bytes_raw(),
        kind=4,
    )
    served.settle()
    looked = witness.look()
    assert (looked.outcome, looked.size, looked.since) == ("cosigned", 12, 8)
    with served.night.database.transaction() as connection:
        counted = service.cosignatures(connection=connection, business_date=first)
    assert counted.parties == (served.world.numbers["grocer"],)


def test_a_release_needs_as_many_partners_as_the_coalition_set(served: Served) -> None:
    first = served.settle()
    database, log = served.night.database, the_log(served.night)

    def enough() -> bool:
        with database.transaction() as connection:
            return service.enough_cosignatures(connection=connection, business_date=first)

    assert enough()
    with database.transaction() as connection:
        service.set_cosignatures_needed(connection=connection, log_no=log.log_no, count=2)
    assert not enough()
    served.partner("grocer").witness(served.key).look()
    # Another key of the same partner is the same witness.
    served.partner("grocer").witness(served.key)._state.unlink()
    served.partner("grocer").witness(served.key).look()
    assert not enough()
    served.settle()
    # A cosignature of a later state counts: its witness saw that the earlier is its start.
    served.partner("bakery").witness(served.key).look()
    assert enough()
    with database.transaction() as connection:
        nobody = service.cosignatures(connection=connection, business_date=served.day)
    assert (nobody.size, nobody.enough) == (None, False)


_KILLED_BEFORE_IT_SENDS = """
import os, signal, sys
from partner_sdk.cli import main

def watch(event, args):
    if event == "http.client.send" and b"POST" in bytes(args[1])[:200]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
main(sys.argv[1:])
"""


def test_a_witness_killed_before_it_sends_goes_on_from_what_it_kept(served: Served) -> None:
    served.settle()
    grocer = served.partner("grocer")
    key, state = served.folder / "k.pem", served.folder / "grocer.seen"
    key.write_bytes(grocer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    arguments = [
        "--url", served.address, "--key-id", grocer.key_id, "--private-key", str(key),
        "witness", "--log-key", served.key.to_text(), "--state", str(state),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _KILLED_BEFORE_IT_SENDS, *arguments],
        env={**os.environ},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    witness = grocer.witness(served.key)
    kept = witness.newest()
    assert kept is not None
    looked = witness.look()
    assert (looked.outcome, looked.size, looked.since) == ("cosigned", 8, 8)


def fork(served: Served, *, kept: int, keep_files: bool = False) -> None:
    """Leave the hub with an older log, and with no file that would remind it."""
    forget_log_after(served.world.engine, size=kept)
    folder = folder_of(served.night)
    if not keep_files:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    service.rewrite(database=served.night.database, log=the_log(served.night), folder=folder)


@pytest.mark.parametrize("nights", [1, 2])
def test_a_fork_is_noticed_proven_and_told_to_the_hub(
    served: Served, nights: int, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    served.settle()
    grocer = served.partner("grocer")
    grocer.witness(served.key).look()
    fork(served, kept=8)
    for _ in range(nights):
        served.settle()
    state = served.folder / "grocer.seen"
    key_file = served.folder / "log.key"
    key_file.write_text(served.key.to_text() + "\n")
    status = grocer.command("witness", "--log-key", str(key_file), "--state", str(state))
    said = capsys.readouterr().err
    assert status == 3
    evidence = Path(said.split("evidence: ")[1].strip())
    assert evidence.parent == served.folder
    assert grocer.command("log-evidence", str(evidence), "--log-key", str(key_file)) == 0
    proven = answer_of(capsys)
    assert (proven["seen"], proven["shown"]) == (12, 8 + 4 * nights)
    assert ("signed two states of 12" in proven["proves"]) == (nights == 1)
    # The hub knows by now, and signs nothing more.
    with served.night.database.transaction() as connection:
        (trouble,) = service.find_trouble(
            connection=connection, logs_folder=served.night.logs_folder
        )
    assert "a partner showed a checkpoint of 12 records" in trouble.message
    with pytest.raises(ForkNoticed):
        served.settle()


def test_evidence_that_was_tampered_with_proves_nothing(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    served.settle()
    grocer = served.partner("grocer")
    grocer.witness(served.key).look()
    fork(served, kept=8)
    served.settle()
    served.settle()
    with pytest.raises(LogForked) as raised:
        grocer.witness(served.key).look()
    document = json.loads(raised.value.evidence.read_text())
    for changed in (
        {**document, "root_in_shown": base64.b64encode(bytes(32)).decode()},
        {**document, "shown": document["seen"]},
        {**document, "seen": document["seen"].replace("\n12\n", "\n11\n")},
        {**document, "kind": "rollback"},
        {**document, "format": "another"},
    ):
        raised.value.evidence.write_text(json.dumps(changed))
        arguments = ["log-evidence", str(raised.value.evidence)]
        assert main([*arguments, "--log-key", served.key.to_text()]) in (1, 2)


def test_an_older_backup_is_noticed_by_every_witness(served: Served) -> None:
    served.settle()
    served.settle()
    partners = [served.partner(slug) for slug in ("grocer", "bakery")]
    for partner in partners:
        partner.witness(served.key).look()
    fork(served, kept=8)
    for partner in partners:
        witness = partner.witness(served.key)
        with pytest.raises(LogForked, match="8 records after one of 12"):
            witness.look()
        kept = witness.newest()
        assert kept is not None
        assert kept.decode().split("\n")[1] == "12"
    with served.night.database.transaction() as connection:
        (trouble,) = service.find_trouble(
            connection=connection, logs_folder=served.night.logs_folder
        )
    assert "a partner showed a checkpoint of 12 records" in trouble.message


def test_what_is_recovered_ends_the_conflict(served: Served) -> None:
    served.settle()
    served.settle()
    copy = served.folder / "copy"
    subprocess.run(["cp", "-r", str(folder_of(served.night)), str(copy)], check=True)
    witness = served.partner("grocer").witness(served.key)
    witness.look()
    fork(served, kept=8)
    with pytest.raises(LogForked):
        witness.look()
    log = the_log(served.night)
    recovered = service.recover(
        database=served.night.database,
        log=log,
        folder=folder_of(served.night),
        source=copy,
        now=served.night.wall(),
    )
    assert recovered == 4
    with served.night.database.transaction() as connection:
        assert (
            service.find_trouble(connection=connection, logs_folder=served.night.logs_folder) == ()
        )
    served.settle()
    assert witness.look().since == 12


def test_damaged_tiles_are_no_accusation(served: Served) -> None:
    served.settle()
    witness = served.partner("grocer").witness(served.key)
    witness.look()
    served.settle()
    tile = folder_of(served.night) / "tile/0/000.p/12"
    whole = tile.read_bytes()
    tile.write_bytes(bytes(32) + whole[32:])
    with pytest.raises(TilesDoNotFit):
        witness.look()
    tile.write_bytes(whole)
    assert witness.look().since == 8
    assert list(served.folder.glob("*.json")) == []


def test_a_checkpoint_of_another_key_is_not_cosigned(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    stranger = VerifierKey(
        served.key.name, 1, Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    status = served.partner("grocer").command(
        "witness", "--log-key", stranger.to_text(), "--state", str(served.folder / "x")
    )
    assert status == 1
    assert "not signed by" in capsys.readouterr().err
    assert (
        checkpoints_of(served.world.engine)[0][1]
        == served.partner("grocer").client.log_checkpoint()
    )


def cosigned_by(
    note: bytes, *, name: str, key_id: str, private: Ed25519PrivateKey, at: int = int(NOW)
) -> bytes:
    read = Note.from_bytes(note)
    key = cosigner_key(
        origin=name, key_id=key_id, public_key=private.public_key().public_bytes_raw()
    )
    line = cosign(text=read.text, key=key, timestamp=at, sign=private.sign)
    return read.with_signatures([line]).to_bytes()


def test_only_a_right_cosignature_by_the_callers_own_key_is_kept(served: Served) -> None:
    served.settle()
    grocer, bakery = served.partner("grocer"), served.partner("bakery")
    note, name = grocer.client.log_checkpoint(), served.key.name
    right = {"name": name, "key_id": grocer.key_id, "private": grocer.private}
    forged = Note.from_bytes(note)
    other_text = forged.text.replace("\n8\n", "\n9\n")
    ahead = 4_000_000_000
    for sent, code in (
        (b"nonsense", "cosignature_invalid"),
        (note, "cosignature_invalid"),
        (cosigned_by(note, **{**right, "private": bakery.private}), "cosignature_invalid"),
        (
            cosigned_by(note, name=name, key_id=bakery.key_id, private=bakery.private),
            "cosignature_invalid",
        ),
        (cosigned_by(note, **right, at=ahead), "cosignature_invalid"),  # type: ignore[arg-type]
        (Note(other_text, forged.signatures).to_bytes(), "cosignature_invalid"),
    ):
        with pytest.raises(ApiError) as refused:
            grocer.client.send_cosignature(sent)
        assert refused.value.code == code
    assert grocer.client.log_checkpoint() == note
    sent = cosigned_by(note, **right)  # type: ignore[arg-type]
    assert grocer.client.send_cosignature(sent) == 8
    assert grocer.client.send_cosignature(sent) == 8
    assert grocer.client.log_checkpoint() == sent


def test_the_log_is_served_as_static_tiles(served: Served) -> None:
    operator = served.hub.caller("operator")
    assert operator.send("GET", "/log/checkpoint").status_code == 404
    assert operator.send("GET", "/log/tile/0/000").status_code == 404
    served.settle()
    http = served.hub.app.test_client()
    checkpoint = http.get("/log/checkpoint")
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "no-cache"
    for path in ("tile/0/000.p/8", "tile/entries/000.p/8"):
        answer = http.get(f"/log/{path}", buffered=True)
        assert answer.data == (folder_of(served.night) / path).read_bytes()
        assert answer.content_type == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
    for path in (
        "0/000", "0/000.p/9", "0/000.p/256", "0/0", "64/000", "entries/../checkpoint",
        "..%2f..%2fcheckpoint", "0/000.p", "-1/000",
    ):  # fmt: skip
        refused = http.get(f"/log/tile/{path}", buffered=True)
        assert refused.status_code == 404, path
        assert refused.json is not None
        assert refused.json["code"] == "not_found"
    described = served.hub.caller("grocer").sign("GET", "/v1/log").json
    assert described is not None
    assert (described["key"], described["size"]) == (served.key.to_text(), 8)
    assert {each["party"] for each in described["witnesses"]} == {"grocer"}


def answer_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the last command answered, behind what the hub's log says meanwhile."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def download(partner: Partner, target: Path) -> Path:
    (statement, *_) = partner.client.statements()
    return partner.client.download_statement(statement.id, target)


def test_a_statement_is_shown_to_be_in_the_log_and_still_to_be(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    grocer, bakery = served.partner("grocer"), served.partner("bakery")
    bakery.witness(served.key).look()
    bundle = download(grocer, served.folder / "one.zip")
    served.settle()
    witness = cosigner_key(
        origin=served.key.name,
        key_id=bakery.key_id,
        public_key=bakery.private.public_key().public_bytes_raw(),
    )
    asked = [
        "log-verify", str(bundle), "--log-key", served.key.to_text(),
        "--witness", witness.to_text(), "--cosignatures", "1",
    ]  # fmt: skip
    assert grocer.command(*asked) == 0
    answer = answer_of(capsys)
    assert (answer["size"], answer["unchanged_to"]) == (8, 12)
    assert answer["cosigned_by"] == [witness.name]
    assert main([*asked, "--offline"]) == 0
    assert "unchanged_to" not in answer_of(capsys)
    assert main([*asked, "--offline", "--cosignatures", "2"]) == 1
    assert "cosigned by 1" in capsys.readouterr().err
    fork(served, kept=4)
    served.settle()
    served.settle()
    assert grocer.command(*asked) == 1
    assert "do not continue" in capsys.readouterr().err


def test_an_accepted_statement_is_kept_once_and_shown(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    grocer = served.partner("grocer")
    bundle = download(grocer, served.folder / "one.zip")
    root = served.folder / "trusted.pem"
    root.write_bytes(served.night.root_path.read_bytes())
    accept = ["accept", str(bundle), "--root", str(root), "--out", str(served.folder / "kept")]
    (before,) = grocer.client.statements()
    assert before.accepted_at is None
    assert grocer.command(*accept) == 0
    first = answer_of(capsys)
    assert grocer.command(*accept) == 0
    assert answer_of(capsys) == first
    (after,) = grocer.client.statements()
    assert after.accepted_at is not None
    kept = grocer.client.statement_acceptance(after.id)
    assert kept.to_wire() == json.loads((served.folder / "kept").read_text())
    public_key = grocer.private.public_key().public_bytes_raw()
    assert kept.verify(public_key=public_key).sha256 == after.sha256


def test_a_bundle_that_does_not_verify_is_not_accepted(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.settle()
    grocer = served.partner("grocer")
    bundle = download(grocer, served.folder / "one.zip")
    root = served.night.root_path
    assert verify_bundle(bundle=bundle, root=root.read_bytes()).ok
    content = bundle.read_bytes()
    at = content.index(b'"statement_no":1')
    bundle.write_bytes(content[:at] + b'"statement_no":2' + content[at + 16 :])
    assert grocer.command("accept", str(bundle), "--root", str(root)) == 1
    assert "not accepted" in capsys.readouterr().err
    (statement,) = grocer.client.statements()
    assert statement.accepted_at is None


def test_only_the_partys_own_signature_over_these_bytes_is_an_acceptance(served: Served) -> None:
    from partner_sdk.wire.acceptance import Acceptance, SignedAcceptance

    served.settle()
    grocer, bakery = served.partner("grocer"), served.partner("bakery")
    (mine,), (theirs,) = grocer.client.statements(), bakery.client.statements()
    now = datetime(2026, 3, 3, tzinfo=UTC)

    def signed(**changes: Any) -> SignedAcceptance:
        private = changes.pop("private", grocer.private)
        values = {
            "statement_id": mine.id, "sha256": mine.sha256, "key_id": grocer.key_id,
            "accepted_at": now, **changes,
        }  # fmt: skip
        return Acceptance(**values).sign(private.sign)

    def refusal(call: Callable[[], object]) -> str:
        with pytest.raises(ApiError) as refused:
            call()
        return refused.value.code

    def sent(each: SignedAcceptance, statement_id: str = "") -> Callable[[], object]:
        path = f"/v1/statements/{statement_id or mine.id}/acceptance"
        return lambda: grocer.client.call("POST", path, body=each.to_wire())

    assert refusal(sent(signed(sha256="0" * 64))) == "acceptance_mismatch"
    assert refusal(sent(signed(statement_id=theirs.id))) == "acceptance_mismatch"
    assert refusal(sent(signed(private=bakery.private))) == "acceptance_invalid"
    assert (
        refusal(sent(signed(key_id=bakery.key_id, private=bakery.private))) == "acceptance_invalid"
    )
    assert refusal(sent(SignedAcceptance("{}", bytes(64)))) == "acceptance_invalid"
    about_theirs = signed(statement_id=theirs.id, sha256=theirs.sha256)
    assert refusal(sent(about_theirs, theirs.id)) == "statement_not_found"
    assert refusal(lambda: grocer.client.statement_acceptance(mine.id)) == "acceptance_not_found"
    assert records_of(served.world.engine)
    assert grocer.client.accept_statement(signed()) == signed()
    later = signed(accepted_at=now + timedelta(days=1))
    assert grocer.client.accept_statement(later) == signed()
