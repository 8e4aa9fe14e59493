"""Partners: entering, states, keys, blocking, and the directory that follows."""

from __future__ import annotations

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from coalition.errors import HubError
from coalition.partners import service, store
from coalition.partners.domain import Party, PartyKey
from coalition.partners.keys import SECRET_BYTES, is_well_formed
from tests.integration.coalition.founding import NOW, Founded, found, new_id


def public_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def change_state(founded: Founded, party: Party, state: str) -> Party:
    with founded.engine.begin() as connection:
        return service.change_state(
            connection=connection,
            party=party,
            state=state,
            reason="a good one",
            event_id=new_id(),
            now=NOW,
        )


def add_key(founded: Founded, party: Party, raw: bytes) -> PartyKey:
    with founded.engine.begin() as connection:
        return service.add_public_key(
            connection=connection,
            party=party,
            key_id=new_id(),
            public_key=raw,
            label="till",
            event_id=new_id(),
            now=NOW,
        )


def add_bearer(founded: Founded, party: Party, environment: str = "test") -> tuple[PartyKey, str]:
    with founded.engine.begin() as connection:
        return service.add_bearer_key(
            connection=connection,
            party=party,
            environment=environment,
            key_id=new_id(),
            label="sandbox",
            random=os.urandom(SECRET_BYTES),
            event_id=new_id(),
            now=NOW,
            person="ana.pop" if party.kind == "operator" else None,
        )


def revoke(founded: Founded, party: Party, key: PartyKey) -> PartyKey:
    with founded.engine.begin() as connection:
        return service.revoke_key(
            connection=connection, party=party, key_id=key.key_id, event_id=new_id(), now=NOW
        )


def block(founded: Founded, party: Party, *, blocked: bool) -> Party:
    with founded.engine.begin() as connection:
        return service.block_lots(
            connection=connection,
            party=party,
            blocked=blocked,
            reason="unpaid",
            event_id=new_id(),
            now=NOW,
        )


def test_a_partner_starts_as_applied_with_a_number_above_the_coalitions_own(
    founded: Founded,
) -> None:
    party = founded.add_partner("bakery", state="applied")
    assert party.state == "applied"
    assert party.no >= 10
    assert founded.snapshot().party_by_slug["bakery"] == party


@pytest.mark.parametrize("slug", ["grocer", "pool", "operator", "clearing"])
def test_a_slug_is_used_once(founded: Founded, slug: str) -> None:
    with pytest.raises(HubError) as refusal:
        founded.add_partner(slug)
    assert refusal.value.code == "partner_slug_taken"


def test_an_unknown_time_zone_is_refused(founded: Founded) -> None:
    with pytest.raises(HubError) as refusal, founded.engine.begin() as connection:
        service.add_partner(
            connection=connection,
            party_id=new_id(),
            event_id=new_id(),
            slug="bakery",
            name="Bakery",
            time_zone="Europe/Nowhere",
            now=NOW,
        )
    assert refusal.value.code == "store_time_zone_unknown"


def test_states_change_along_the_table_and_each_change_is_kept_with_its_reason(
    founded: Founded,
) -> None:
    party = founded.partners["grocer"]
    assert change_state(founded, party, "suspended").state == "suspended"
    assert change_state(founded, party, "suspended").state == "suspended"
    with pytest.raises(HubError) as refusal:
        change_state(founded, party, "closed")
    assert refusal.value.code == "partner_state_forbids"
    with founded.engine.connect() as connection:
        events = store.list_party_events(connection=connection, party_no=party.no)
    assert [(event.from_state, event.to_state) for event in events] == [
        (None, "applied"),
        ("applied", "certified"),
        ("certified", "live"),
        ("live", "suspended"),
    ]
    assert events[-1].reason == "a good one"


def test_what_happened_to_a_party_cannot_be_rewritten(founded: Founded) -> None:
    with pytest.raises(DBAPIError, match="append-only"), founded.engine.begin() as connection:
        connection.execute(text("UPDATE party_event SET reason = 'another'"))


def test_every_change_moves_the_directory(founded: Founded) -> None:
    party = founded.partners["grocer"]
    versions = [founded.snapshot().version]
    key = add_key(founded, party, public_key())
    versions.append(founded.snapshot().version)
    revoke(founded, party, key)
    versions.append(founded.snapshot().version)
    add_bearer(founded, party)
    versions.append(founded.snapshot().version)
    block(founded, party, blocked=True)
    versions.append(founded.snapshot().version)
    change_state(founded, party, "leaving")
    versions.append(founded.snapshot().version)
    assert versions == sorted(set(versions))


def test_what_is_left_of_a_closed_partners_points_cannot_be_spent(founded: Founded) -> None:
    party = founded.add_partner("bakery", state="closed")
    assert founded.snapshot().unspendable == {party.no}
    block(founded, party, blocked=True)
    block(founded, party, blocked=False)
    assert founded.snapshot().unspendable == {party.no}


def test_the_operator_blocks_an_issuers_points_and_frees_them(founded: Founded) -> None:
    party = founded.partners["grocer"]
    assert block(founded, party, blocked=True).lots_blocked
    assert founded.snapshot().unspendable == {party.no}
    assert not block(founded, party, blocked=False).lots_blocked
    assert founded.snapshot().unspendable == frozenset()


def test_the_cap_stops_issuing_once_and_lets_it_go_on(founded: Founded) -> None:
    party = founded.partners["grocer"]

    def stop(*, stopped: bool) -> bool:
        with founded.engine.begin() as connection:
            return service.stop_issuing(
                connection=connection,
                party=party,
                stopped=stopped,
                reason="uncovered position at the cap",
                event_id=new_id(),
                now=NOW,
            )

    assert stop(stopped=True)
    assert not stop(stopped=True)
    assert founded.snapshot().parties[party.no].issuing_stopped
    assert stop(stopped=False)


def test_a_partner_has_several_keys_and_each_is_revoked_by_itself(founded: Founded) -> None:
    party = founded.partners["grocer"]
    first = add_key(founded, party, public_key())
    second = add_key(founded, party, public_key())
    assert revoke(founded, party, first).revoked_at == NOW
    assert revoke(founded, party, first).revoked_at == NOW
    keys = founded.snapshot().keys
    assert keys[first.key_id].revoked_at == NOW
    assert keys[second.key_id].revoked_at is None


def test_a_public_key_is_registered_once_even_when_revoked(founded: Founded) -> None:
    raw = public_key()
    key = add_key(founded, founded.partners["grocer"], raw)
    revoke(founded, founded.partners["grocer"], key)
    for slug in ("grocer", "fuel"):
        with pytest.raises(HubError) as refusal:
            add_key(founded, founded.partners[slug], raw)
        assert refusal.value.code == "public_key_taken"


def test_a_partner_cannot_revoke_anothers_key(founded: Founded) -> None:
    key = add_key(founded, founded.partners["grocer"], public_key())
    with pytest.raises(HubError) as refusal:
        revoke(founded, founded.partners["fuel"], key)
    assert refusal.value.code == "not_found"
    assert founded.snapshot().keys[key.key_id].revoked_at is None


def test_of_a_bearer_key_only_the_hash_is_kept(founded: Founded) -> None:
    key, token = add_bearer(founded, founded.partners["grocer"])
    assert token.startswith("chl_test_")
    assert is_well_formed(token)
    bearers = founded.snapshot().bearers
    assert bearers[hashlib.sha256(token.encode()).digest()] == key
    with founded.engine.connect() as connection:
        dump = " ".join(
            str(row)
            for table in ("bearer_key", "party_event")
            for row in connection.execute(text(f"SELECT t::text FROM {table} t"))
        )
    assert token.split("_")[2] not in dump
    revoke(founded, founded.partners["grocer"], key)
    kept = founded.snapshot().bearers[hashlib.sha256(token.encode()).digest()]
    assert kept.revoked_at == NOW


def test_every_key_of_the_operator_names_its_person(founded: Founded) -> None:
    parties = founded.snapshot().party_by_slug
    for slug, person in (
        ("operator", None),
        ("operator", ""),
        ("operator", "Ana Pop"),
        ("grocer", "ana.pop"),
    ):
        with pytest.raises(HubError) as refusal, founded.engine.begin() as connection:
            service.add_bearer_key(
                connection=connection,
                party=parties[slug],
                environment="test",
                key_id=new_id(),
                label="desk",
                random=os.urandom(SECRET_BYTES),
                event_id=new_id(),
                now=NOW,
                person=person,
            )
        assert refusal.value.errors[0].pointer == "/person"
    add_bearer(founded, parties["operator"])
    with pytest.raises(DBAPIError, match="operators_are_persons"), founded.engine.begin() as direct:
        direct.execute(text("UPDATE bearer_key SET person = NULL"))


def test_the_operator_has_bearer_keys_and_the_pool_has_none(founded: Founded) -> None:
    parties = founded.snapshot().party_by_slug
    _, token = add_bearer(founded, parties["operator"])
    assert token.startswith("cho_test_")
    for slug in ("pool", "clearing"):
        with pytest.raises(HubError) as refusal:
            add_bearer(founded, parties[slug])
        assert refusal.value.code == "forbidden"


def test_in_a_live_environment_only_the_operator_has_bearer_keys(engine: Engine) -> None:
    with engine.begin() as connection:
        found(connection, environment="live")
    founded = Founded(engine)
    party = founded.add_partner("grocer")
    with pytest.raises(HubError) as refusal:
        add_bearer(founded, party, environment="live")
    assert refusal.value.code == "test_environment_only"
    _, token = add_bearer(founded, founded.snapshot().party_by_slug["operator"], "live")
    assert token.startswith("cho_live_")


def test_the_coalitions_own_parties_are_not_partners(founded: Founded) -> None:
    pool = founded.snapshot().party_by_slug["pool"]
    for attempt in (
        lambda: change_state(founded, pool, "suspended"),
        lambda: block(founded, pool, blocked=True),
        lambda: add_key(founded, pool, public_key()),
    ):
        with pytest.raises(HubError) as refusal:
            attempt()
        assert refusal.value.code == "partner_not_found"
    with founded.engine.connect() as connection:
        listed = store.list_partners(connection=connection, after=0, limit=10)
    assert [party.slug for party in listed] == ["grocer", "fuel"]
