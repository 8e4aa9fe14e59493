"""The operator's commands: partner, agreement, member."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from coalition.agreements.cli import app as agreement
from coalition.errors import HubError
from coalition.members.cli import app as member
from coalition.partners.cli import app as partner
from coalition.partners.keys import is_well_formed
from tests.coalition_world import terms
from tests.integration.coalition.founding import Founded


@pytest.fixture(autouse=True)
def _environment(
    founded: Founded, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COALITION_DATA", str(tmp_path))


def run(app: typer.Typer, *arguments: str) -> str:
    """What a command prints; what it refuses is raised."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def shown(app: typer.Typer, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(app, *arguments))
    return document


def refused(app: typer.Typer, *arguments: str) -> str:
    with pytest.raises(HubError) as refusal:
        run(app, *arguments)
    return refusal.value.code


def test_a_partner_is_entered_brought_to_live_and_shown(founded: Founded) -> None:
    partner_id = run(partner, "add", "bakery", "Bakery & Café")
    assert partner_id.startswith("prt_")
    for state in ("certified", "live"):
        said = run(partner, "state", "bakery", state, "--reason", "all is well")
        assert said == f"bakery is {state}"
    assert refused(partner, "state", "bakery", "applied", "--reason", "x") == (
        "partner_state_forbids"
    )
    document = shown(partner, "show", partner_id)
    assert document["name"] == "Bakery & Café"
    assert [event["to"] for event in document["events"]] == ["applied", "certified", "live"]
    assert [line.split() for line in run(partner, "list").splitlines()][-1] == [
        partner_id,
        "live",
        "bakery",
    ]
    assert refused(partner, "show", "nobody") == "partner_not_found"


def test_keys_are_added_from_text_or_file_and_revoked(founded: Founded, tmp_path: Path) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    text = base64.b64encode(public.public_bytes_raw()).decode()
    pem = tmp_path / "grocer.pem"
    other = Ed25519PrivateKey.generate().public_key()
    pem.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    first = run(partner, "key", "add", "grocer", text, "--label", "tills")
    second = run(partner, "key", "add", "grocer", str(pem))
    run(partner, "key", "revoke", "grocer", first)
    keys = {str(key["id"]): key for key in shown(partner, "show", "grocer")["keys"]}
    assert keys[first]["revoked_at"] is not None
    assert keys[second]["revoked_at"] is None
    assert len(run(partner, "key", "list", "grocer").splitlines()) == 2
    assert refused(partner, "key", "add", "grocer", text) == "public_key_taken"
    assert refused(partner, "key", "add", "grocer", "nonsense") == "validation_failed"
    assert refused(partner, "key", "revoke", "fuel", second) == "not_found"
    assert refused(partner, "key", "revoke", "fuel", "nonsense") == "not_found"


def test_the_operators_first_key_is_printed_and_only_its_hash_kept(founded: Founded) -> None:
    token = run(partner, "operator-key", "--person", "ana.pop", "--label", "desk")
    assert token.startswith("cho_test_")
    assert is_well_formed(token)
    found = founded.snapshot().bearers[hashlib.sha256(token.encode()).digest()]
    assert founded.snapshot().parties[found.party_no].slug == "operator"
    assert found.person == "ana.pop"
    assert refused(partner, "operator-key", "--person", "Ana Pop") == "validation_failed"
    assert run(partner, "bearer", "grocer").startswith("chl_test_")


def test_a_partners_points_are_blocked_and_freed(founded: Founded) -> None:
    assert run(partner, "block", "grocer", "--reason", "unpaid").endswith("blocked")
    assert founded.snapshot().party_by_slug["grocer"].lots_blocked
    assert run(partner, "block", "grocer", "--free", "--reason", "paid").endswith("free")


def test_an_agreement_is_published_from_a_file_listed_and_shown(
    founded: Founded, tmp_path: Path
) -> None:
    file = tmp_path / "terms.json"
    body = {"partner": "grocer", "effective_from": "2026-01-01T00:00:00Z", "terms": terms()}
    file.write_text(json.dumps(body))
    assert "version 1" in run(agreement, "add", str(file))
    assert run(agreement, "list", "grocer") == "1  from 2026-01-01T00:00:00Z"
    assert shown(agreement, "show", "grocer")["terms"] == terms()
    assert refused(agreement, "show", "grocer", "2") == "not_found"
    for wrong, code in (
        ("{", "malformed_json"),
        ("[]", "validation_failed"),
        (json.dumps({**body, "since": 1}), "validation_failed"),
        (json.dumps({**body, "effective_from": "today"}), "validation_failed"),
        (json.dumps({**body, "partner": "nobody"}), "partner_not_found"),
        (json.dumps({**body, "terms": {}}), "validation_failed"),
    ):
        file.write_text(wrong)
        assert refused(agreement, "add", str(file)) == code


def test_a_member_is_enrolled_found_changed_and_closed(founded: Founded) -> None:
    made = shown(
        member, "enrol", "--partner", "grocer", "--reference", "G-1", "--phone", "+40721234567"
    )
    card = made["cards"][0]["number"]
    for names in (
        ("--card", card),
        ("--phone", "+40721234567"),
        ("--reference", "G-1", "--partner", "grocer"),
    ):
        assert shown(member, "lookup", *names)["id"] == made["id"]
    assert refused(member, "lookup", "--email", "nobody@example.org") == "member_not_found"
    new = run(member, "card", made["id"], "--replace", card)
    assert refused(member, "show", card) == "card_not_found"
    assert shown(member, "show", new)["id"] == made["id"]
    assert run(member, "card", new) != new
    assert shown(member, "spend-lock", new)["spend_locked"] is True
    assert shown(member, "spend-lock", new, "--unlock")["spend_locked"] is False
    assert shown(member, "state", new, "frozen", "--reason", "odd behaviour")["state"] == "frozen"
    assert shown(member, "state", new, "closed", "--reason", "asked")["state"] == "closed"
    history = shown(member, "show", made["id"])["events"]
    assert [event["kind"] for event in history] == [
        "enrolled",
        "card_replaced",
        "card_issued",
        "spend_locked",
        "spend_unlocked",
        "frozen",
        "closed",
    ]
    assert history[0]["by"] == "grocer"
    assert history[-1] | {"at": None} == {
        "kind": "closed",
        "reason": "asked",
        "by": "operator",
        "at": None,
    }
    assert refused(member, "show", "Ann") == "member_not_found"


def test_a_command_that_is_used_wrongly_says_how(founded: Founded) -> None:
    for app, arguments in (
        (member, ["lookup"]),
        (member, ["lookup", "--card", "1", "--phone", "2"]),
        (member, ["state", "x", "gone", "--reason", "y"]),
        (partner, ["state", "grocer", "gone", "--reason", "y"]),
    ):
        assert CliRunner().invoke(app, arguments).exit_code == 2
