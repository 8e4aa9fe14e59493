"""Enrolling members, finding them, and what their state allows."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, text

from coalition import enrolment
from coalition.errors import HubError
from coalition.ledger.tables import balance
from coalition.members import service, store
from coalition.members.contacts import ContactKind, unseal_contact
from coalition.members.domain import (
    MAX_CARDS,
    Member,
    check_may_earn,
    check_may_spend,
    is_card_number,
)
from coalition.members.tables import contact, member_event
from partner_sdk.wire import ids
from tests.integration.coalition.founding import KEYS, NOW, Founded, new_id


def kinds_recorded(connection: Connection, member_id: UUID) -> list[str]:
    events = store.list_member_events(connection=connection, member_id=member_id)
    return [kind for kind, *_ in events]


def look_up(founded: Founded, slug: str, **names: str) -> Member:
    with founded.engine.connect() as connection:
        return service.look_up(
            connection=connection,
            party_no=founded.partners[slug].no,
            keys=KEYS,
            **names,  # type: ignore[arg-type]
        )


def set_contacts(founded: Founded, member: Member, contacts: dict[ContactKind, str | None]) -> None:
    with founded.engine.begin() as connection:
        service.set_contacts(
            connection=connection,
            member_id=member.member_id,
            party_no=founded.partners["grocer"].no,
            keys=KEYS,
            contacts=contacts,
            now=NOW,
            new_id=new_id,
        )


def test_an_enrolled_member_has_a_card_an_empty_balance_and_a_recorded_beginning(
    founded: Founded,
) -> None:
    member = founded.enrol("grocer", reference="G-1", phone="+40721234567", email="Ann@Example.org")
    assert member.state == "active"
    assert is_card_number(member.cards[0].number)
    assert member.member_id == member.account_id
    assert member.member_id.version == 4
    with founded.engine.connect() as connection:
        row = connection.execute(
            select(balance).where(balance.c.account_id == member.account_id)
        ).one()
        assert (row.active, row.pending, row.held, row.debt, row.open) == (0, 0, 0, 0, True)
        assert kinds_recorded(connection, member.member_id) == ["enrolled"]


def test_a_member_is_found_by_card_reference_phone_and_email(founded: Founded) -> None:
    member = founded.enrol("grocer", reference="G-1", phone="+40721234567", email="ann@example.org")
    assert look_up(founded, "grocer", card=member.cards[0].number) == member
    assert look_up(founded, "grocer", reference="G-1") == member
    assert look_up(founded, "grocer", phone="+40721234567") == member
    assert look_up(founded, "grocer", email="ANN@EXAMPLE.ORG") == member


def test_a_partner_sees_its_own_reference_only(founded: Founded) -> None:
    member = founded.enrol("grocer", reference="G-1")
    assert look_up(founded, "fuel", card=member.cards[0].number).reference is None
    with pytest.raises(HubError) as refusal:
        look_up(founded, "fuel", reference="G-1")
    assert refusal.value.code == "member_not_found"
    other = founded.enrol("fuel", reference="G-1")
    assert look_up(founded, "fuel", reference="G-1") == other
    assert look_up(founded, "grocer", reference="G-1") == member


def test_nobody_is_found_by_what_is_not_there(founded: Founded) -> None:
    for names, code in (
        ({"card": "9710000000000009"}, "card_not_found"),
        ({"card": "1234"}, "card_not_found"),
        ({"reference": "nobody"}, "member_not_found"),
        ({"phone": "+40700000000"}, "member_not_found"),
        ({"email": "nobody@example.org"}, "member_not_found"),
    ):
        with pytest.raises(HubError) as refusal:
            look_up(founded, "grocer", **names)
        assert refusal.value.code == code


def test_contacts_lie_in_the_database_only_hashed_and_sealed(founded: Founded) -> None:
    member = founded.enrol("grocer", phone="+40721234567", email="ann@example.org")
    with founded.engine.connect() as connection:
        kept = store.load_contacts(connection=connection, member_id=member.member_id)
        wrapped_key = store.load_wrapped_key(connection=connection, member_id=member.member_id)
        assert wrapped_key is not None
        for kind, clear in (("phone", "+40721234567"), ("email", "ann@example.org")):
            assert clear.encode() not in kept[kind][1]
            opened = unseal_contact(
                keys=KEYS,
                wrapped_key=wrapped_key,
                member_id=member.member_id,
                kind=kind,  # type: ignore[arg-type]
                sealed=kept[kind][1],
            )
            assert opened == clear
        for table in ("member", "card", "contact", "partner_reference", "member_event", "event"):
            dump = " ".join(
                str(row) for row in connection.execute(text(f"SELECT t::text FROM {table} t"))
            )
            assert "40721234567" not in dump
            assert "ann@example.org" not in dump


def test_one_contact_and_one_reference_belong_to_one_member(founded: Founded) -> None:
    founded.enrol("grocer", reference="G-1", phone="+40721234567")
    with pytest.raises(HubError) as refusal:
        founded.enrol("fuel", phone="+40721234567")
    assert refusal.value.code == "contact_taken"
    with pytest.raises(HubError) as refusal:
        founded.enrol("grocer", reference="G-1")
    assert refusal.value.code == "reference_taken"
    with founded.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM member")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM balance")).scalar_one() == 1


def test_of_many_enrolments_with_one_phone_at_once_one_succeeds(founded: Founded) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def enrol() -> None:
        barrier.wait()
        try:
            founded.enrol("grocer", phone="+40721234567")
            outcomes.append("enrolled")
        except HubError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=enrol) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["contact_taken"] * 7 + ["enrolled"]


def test_contacts_are_changed_kept_and_forgotten_each_by_itself(founded: Founded) -> None:
    member = founded.enrol("grocer", phone="+40721234567", email="ann@example.org")
    set_contacts(founded, member, {"phone": "+40729999999"})
    assert look_up(founded, "grocer", phone="+40729999999").member_id == member.member_id
    assert look_up(founded, "grocer", email="ann@example.org").member_id == member.member_id
    with pytest.raises(HubError):
        look_up(founded, "grocer", phone="+40721234567")
    set_contacts(founded, member, {"email": None, "phone": "+40729999999"})
    with pytest.raises(HubError):
        look_up(founded, "grocer", email="ann@example.org")
    with founded.engine.connect() as connection:
        assert (
            kinds_recorded(connection, member.member_id) == ["enrolled"] + ["contact_changed"] * 2
        )
        assert connection.execute(select(contact.c.kind)).scalars().all() == ["phone"]


def test_a_contact_of_another_member_is_not_taken_over(founded: Founded) -> None:
    founded.enrol("grocer", phone="+40721234567")
    other = founded.enrol("grocer", phone="+40729999999")
    with pytest.raises(HubError) as refusal:
        set_contacts(founded, other, {"phone": "+40721234567"})
    assert refusal.value.code == "contact_taken"
    assert look_up(founded, "grocer", phone="+40729999999").member_id == other.member_id


def test_a_partner_changes_its_reference_and_nobody_elses(founded: Founded) -> None:
    member = founded.enrol("grocer", reference="G-1")
    taken = founded.enrol("grocer", reference="G-2")
    for slug, reference in (("fuel", "F-1"), ("grocer", "G-9"), ("grocer", "G-9")):
        with founded.engine.begin() as connection:
            seen = service.set_reference(
                connection=connection,
                member_id=member.member_id,
                party_no=founded.partners[slug].no,
                reference=reference,
                now=NOW,
                new_id=new_id,
            )
        assert seen.reference == reference
    assert look_up(founded, "fuel", reference="F-1").member_id == member.member_id
    with pytest.raises(HubError):
        look_up(founded, "grocer", reference="G-1")
    with pytest.raises(HubError) as refusal, founded.engine.begin() as connection:
        service.set_reference(
            connection=connection,
            member_id=member.member_id,
            party_no=founded.partners["grocer"].no,
            reference="G-2",
            now=NOW,
            new_id=new_id,
        )
    assert refusal.value.code == "reference_taken"
    assert look_up(founded, "grocer", reference="G-9").member_id == member.member_id
    assert look_up(founded, "grocer", reference="G-2").member_id == taken.member_id


def replace(founded: Founded, member: Member, number: str) -> str:
    with founded.engine.begin() as connection:
        return service.replace_card(
            connection=connection,
            member_id=member.member_id,
            number=number,
            party_no=founded.partners["grocer"].no,
            random=KEYS.random,
            now=NOW,
            new_id=new_id,
        ).number


def test_a_lost_card_is_refused_from_its_replacement_on(founded: Founded) -> None:
    member = founded.enrol("grocer")
    lost = member.cards[0].number
    new = replace(founded, member, lost)
    assert new != lost
    assert look_up(founded, "fuel", card=new).member_id == member.member_id
    with pytest.raises(HubError) as refusal:
        look_up(founded, "fuel", card=lost)
    assert refusal.value.code == "card_not_found"
    assert refusal.value.facts["replaced"] is True
    with pytest.raises(HubError) as refusal:
        replace(founded, member, lost)
    assert refusal.value.code == "card_not_found"
    states = {card.number: card.state for card in look_up(founded, "fuel", card=new).cards}
    assert states == {lost: "replaced", new: "active"}


def test_a_card_is_replaced_for_its_own_member_only(founded: Founded) -> None:
    member = founded.enrol("grocer")
    other = founded.enrol("grocer")
    with pytest.raises(HubError) as refusal:
        replace(founded, other, member.cards[0].number)
    assert refusal.value.code == "card_not_found"
    assert look_up(founded, "grocer", card=member.cards[0].number) == member


def test_a_member_has_a_bounded_number_of_cards(founded: Founded) -> None:
    member = founded.enrol("grocer")

    def add() -> None:
        with founded.engine.begin() as connection:
            service.add_card(
                connection=connection,
                member_id=member.member_id,
                party_no=founded.partners["grocer"].no,
                random=KEYS.random,
                now=NOW,
                new_id=new_id,
            )

    for _ in range(MAX_CARDS - 1):
        add()
    with pytest.raises(HubError) as refusal:
        add()
    assert refusal.value.code == "member_state_forbids"
    replace(founded, member, member.cards[0].number)


def change_state(founded: Founded, member: Member, state: str) -> Member:
    with founded.engine.begin() as connection:
        return enrolment.change_state(
            connection=connection,
            context=founded.context("operator"),
            member_id=member.member_id,
            state=state,
            reason="suspicion of fraud",
        )


def rules_of(founded: Founded, member: Member) -> tuple[bool, bool]:
    with founded.engine.connect() as connection:
        row = connection.execute(
            select(balance.c.frozen, balance.c.spend_locked).where(
                balance.c.account_id == member.account_id
            )
        ).one()
    return row.frozen, row.spend_locked


def test_freezing_and_locking_reach_the_balance_and_are_recorded_once(founded: Founded) -> None:
    member = founded.enrol("grocer")
    for _ in range(2):
        assert change_state(founded, member, "frozen").state == "frozen"
        with founded.engine.begin() as connection:
            locked = enrolment.set_spend_lock(
                connection=connection,
                context=founded.context("grocer"),
                member_id=member.member_id,
                locked=True,
            )
        assert locked.spend_locked
    assert rules_of(founded, member) == (True, True)
    assert change_state(founded, member, "active").state == "active"
    assert rules_of(founded, member) == (False, True)
    with founded.engine.connect() as connection:
        recorded = kinds_recorded(connection, member.member_id)
        assert sorted(recorded) == ["active", "enrolled", "frozen", "spend_locked"]
        reasons = connection.execute(
            select(member_event.c.reason).where(member_event.c.kind == "frozen")
        )
        assert reasons.scalar_one() == "suspicion of fraud"


def test_a_frozen_member_gets_no_card(founded: Founded) -> None:
    member = founded.enrol("grocer")
    change_state(founded, member, "frozen")
    with pytest.raises(HubError) as refusal:
        replace(founded, member, member.cards[0].number)
    assert refusal.value.code == "member_frozen"


def test_closing_forgets_names_so_that_the_person_can_enrol_anew(founded: Founded) -> None:
    names = {"reference": "G-1", "phone": "+40721234567", "email": "ann@example.org"}
    member = founded.enrol("grocer", **names)
    closed = change_state(founded, member, "closed")
    assert closed.state == "closed"
    assert closed.reference is None
    assert [card.state for card in closed.cards] == ["closed"]
    with founded.engine.connect() as connection:
        assert store.load_contacts(connection=connection, member_id=member.member_id) == {}
        assert store.load_wrapped_key(connection=connection, member_id=member.member_id) is None
        row = connection.execute(
            select(balance).where(balance.c.account_id == member.account_id)
        ).one()
        assert not row.open
    assert founded.enrol("grocer", **names).member_id != member.member_id
    assert change_state(founded, member, "closed") == closed
    for state in ("active", "frozen"):
        with pytest.raises(HubError) as refusal:
            change_state(founded, member, state)
        assert refusal.value.code == "member_state_forbids"


def test_a_batch_of_names_is_found_in_one_statement(founded: Founded) -> None:
    members = [founded.enrol("grocer", reference=f"G-{n}") for n in range(5)]
    lost = members[0].cards[0].number
    replace(founded, members[0], lost)
    change_state(founded, members[1], "frozen")
    with founded.engine.connect() as connection:
        found = store.find_members(
            connection=connection,
            party_no=founded.partners["grocer"].no,
            ids=[member.member_id for member in members],
            cards=[members[1].cards[0].number, lost, "9710000000000009"],
            references=["G-2", "nobody"],
        )
        assert store.find_members(connection=connection, party_no=10).by_id == {}
    assert set(found.by_id) == {member.member_id for member in members}
    public = ids.encode("mem", members[3].member_id)
    assert found.named(kind="id", value=public).account_id == members[3].account_id
    assert found.named(kind="reference", value="G-2").member_id == members[2].member_id
    frozen = found.named(kind="card", value=members[1].cards[0].number)
    with pytest.raises(HubError) as refusal:
        check_may_earn(member=frozen)
    assert refusal.value.code == "member_frozen"
    check_may_spend(member=found.by_id[members[3].member_id])
    for kind, value, code in (
        ("id", "mem_nonsense", "member_not_found"),
        ("reference", "nobody", "member_not_found"),
        ("card", "9710000000000009", "card_not_found"),
        ("card", lost, "card_not_found"),
    ):
        with pytest.raises(HubError) as refusal:
            found.named(kind=kind, value=value)  # type: ignore[arg-type]
        assert refusal.value.code == code


def test_only_a_live_partner_enrols(founded: Founded) -> None:
    founded.add_partner("bakery", state="certified")
    founded.add_partner("butcher", state="leaving")
    for slug, code in (("bakery", "partner_not_live"), ("butcher", "partner_state_forbids")):
        with pytest.raises(HubError) as refusal:
            founded.enrol(slug)
        assert refusal.value.code == code
