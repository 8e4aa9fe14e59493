"""``coalition-partner``, run as a partner runs it."""

import json
import stat
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from partner_sdk import cli
from partner_sdk.keys import read_private_key
from partner_sdk.testing import HubSimulator

SALE = {
    "id": "A1",
    "revision": 1,
    "occurred_at": "2026-11-22T09:00:00Z",
    "currency": "EUR",
    "member": {"reference": "ann"},
    "lines": [
        {
            "id": "1",
            "category": "food",
            "quantity": "1",
            "amount": {"amount": "40.00", "currency": "EUR"},
        }
    ],
}


@pytest.fixture
def run(hub: HubSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):  # type: ignore[no-untyped-def]
    """Run a command; returns its status, what it answered line by line, and what it said."""
    key = tmp_path / "key.pem"
    pem = hub.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COALITION_URL", hub.url)
    monkeypatch.setenv("COALITION_KEY_ID", hub.key_id)
    monkeypatch.setenv("COALITION_PRIVATE_KEY", str(key))
    monkeypatch.setenv("COALITION_QUEUE", str(tmp_path / "queue"))

    def command(*arguments: str):  # type: ignore[no-untyped-def]
        status = cli.main(arguments)
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return command


def write_sales(path: Path, *sales: object) -> str:
    path.write_text("\n".join(json.dumps(sale) for sale in sales), encoding="utf-8")
    return str(path)


def test_a_key_pair_is_made_once_and_is_readable_by_its_owner_only(run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    status, (made,), _ = run("keygen", "--out", "new.pem")
    assert status == 0
    assert len(made["public_key"]) == 44
    assert stat.S_IMODE((tmp_path / "new.pem").stat().st_mode) == 0o600
    assert read_private_key(tmp_path / "new.pem")
    before = (tmp_path / "new.pem").read_bytes()
    assert run("keygen", "--out", "new.pem")[0] == 2
    assert (tmp_path / "new.pem").read_bytes() == before


def test_a_day_at_the_till(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _, (ann,), _ = run("enrol", "--reference", "ann", "--phone", "+37360000000")
    assert run("member", "--card", ann["cards"][0]["number"])[1] == [ann]
    _, (sale,), _ = run("sale", "put", write_sales(tmp_path / "sale.json", SALE))
    assert sale["points"]["earned"] == 40
    assert run("sale", "get", "A1")[1][0]["revision"] == 1
    assert run("quote", "--reference", "ann", "--amount", "0.30")[1][0]["points"] == 30
    _, (hold,), _ = run("hold", "--reference", "ann", "--points", "30", "--note", "7")
    assert hold["amount"] == {"amount": "0.30", "currency": "EUR"}
    assert run("capture", hold["id"], "--points", "20")[1][0]["points"] == 20
    _, (other,), _ = run("hold", "--member", ann["id"], "--points", "5")
    assert run("void", other["id"])[1][0]["state"] == "voided"
    _, (spent,), _ = run("redeem", "--reference", "ann", "--points", "10", "--till", "3")
    assert run("reverse", spent["id"], "--points", "4")[1][0]["reversed_points"] == 4
    assert run("balance", "--reference", "ann")[1][0]["active"] == 14
    kinds = [entry["kind"] for entry in run("transactions")[1]]
    assert kinds == ["earn", "capture", "redeem", "restore"]


def test_points_pay_at_a_shop_by_command(hub: HubSimulator, run) -> None:  # type: ignore[no-untyped-def]
    (ann,), shop = run("enrol", "--reference", "ann")[1], hub.add_connection()
    hub.grant(ann["id"], 500)
    asked = ("--reference", "ann", "--note", "cart-1", "--amount", "3.50", "--customer-id", "77")
    _, (made,), _ = run("spend", "make", shop, *asked)
    assert (made["state"], made["points"], made["code"]) == ("made", 350, f"points-{made['id']}")
    assert run("spend", "show", shop, made["id"])[1] == [made]
    hub.use_spend(made["id"])
    assert run("spend", "list", shop)[1][0]["state"] == "used"
    status, out, said = run("spend", "undo", shop, made["id"])
    assert (status, out) == (1, [])
    assert said.startswith("spend_used: ")


def test_many_sales_are_sent_from_a_file_and_refusals_are_named(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("enrol", "--reference", "ann")
    bad = {**SALE, "id": "A2", "member": {"reference": "bob"}}
    status, (report,), said = run("sales", "put", write_sales(tmp_path / "s", SALE, bad))
    assert (status, report) == (1, {"sent": 1, "refused": 1})
    assert said.startswith("A2: member_not_found:")


def test_the_queue_is_filled_shown_and_sent(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("enrol", "--reference", "ann")
    bad = {**SALE, "id": "A2", "member": {"reference": "bob"}}
    run("queue", "put", write_sales(tmp_path / "s", SALE, bad))
    assert run("queue", "status")[1][0]["waiting"] == 2
    status, (report,), said = run("queue", "send")
    assert (status, report) == (1, {"sent": 1, "set_aside": 1, "waiting": 0})
    assert "queue aside" in said
    (aside,) = run("queue", "aside")[1]
    assert aside["code"] == "member_not_found"
    assert run("queue", "retry")[1][0]["waiting"] == 1
    run("queue", "send")
    assert run("queue", "discard", "--seq", str(aside["seq"]))[1][0]["set_aside"] == 0


def test_statements_are_listed_and_downloaded(hub: HubSimulator, run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    hub.add_statement(statement_id="stm_1", business_date=date(2026, 11, 22), bundle=b"zip")
    assert run("statements", "list")[1][0]["business_date"] == "2026-11-22"
    assert run("statements", "download", "stm_1")[1] == [{"file": "stm_1.zip"}]
    assert (tmp_path / "stm_1.zip").read_bytes() == b"zip"


def test_a_refusal_says_what_is_wrong_and_what_to_do(run) -> None:  # type: ignore[no-untyped-def]
    run("enrol", "--reference", "ann")
    status, out, said = run("redeem", "--reference", "ann", "--points", "5")
    assert (status, out) == (1, [])
    assert said.startswith("insufficient_points: ")
    assert "request req_" in said


def test_wrong_usage_is_told_apart_from_a_refusal(run, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert run("sale", "put", "nowhere.json")[0] == 2
    (tmp_path / "bad.json").write_text("[1]")
    assert run("sale", "put", "bad.json")[0] == 2
    assert "bad.json:1 is not" in run("sales", "put", "bad.json")[2]
    assert run("transactions", "--from", "yesterday")[0] == 2
    monkeypatch.delenv("COALITION_URL")
    assert run("transactions")[2] == "set COALITION_URL or give --url\n"
    with pytest.raises(SystemExit) as caught:
        cli.main(["no-such-command"])
    assert caught.value.code == 2


def test_a_file_that_is_no_bundle_is_a_finding_and_an_absent_one_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, bundle = tmp_path / "root.pem", tmp_path / "stm_1.zip"
    root.write_bytes(_self_signed())
    bundle.write_bytes(b"PK, but no more")
    assert cli.main(["verify", str(bundle), "--root", str(root)]) == 1
    shown = capsys.readouterr()
    assert "not a bundle" in shown.out
    assert shown.err.endswith("NOT verified\n")
    assert cli.main(["verify", str(tmp_path / "nowhere.zip"), "--root", str(root)]) == 2
    assert cli.main(["verify", str(bundle), "--root", str(bundle)]) == 2


def _self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_the_command_shows_its_help_without_any_setting() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "partner_sdk.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[1])},
    )
    assert "COALITION_PRIVATE_KEY" in done.stdout
