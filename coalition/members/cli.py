"""`coalition member`: enrolling, finding and changing members at the operator's desk."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from coalition import enrolment
from coalition.commands import Command, open_command
from coalition.errors import HubError
from coalition.members import service, store
from coalition.members.contacts import ContactKeys
from coalition.members.domain import STATES, Member, member_id_or_none
from coalition.members.wire import LOOKUP_KEY, WRAPPING_KEY, member_document

app = typer.Typer(help="Members: enrol, find, change.", no_args_is_help=True, add_completion=False)

MemberName = Annotated[str, typer.Argument(metavar="MEMBER", help="mem_ id or card number.")]
Partner = Annotated[str, typer.Option(help="Slug or prt_ id of the partner.")]
Reference = Annotated[str | None, typer.Option(help="The partner's own reference.")]
Phone = Annotated[str | None, typer.Option(help="E.164, such as +40721234567.")]
Email = Annotated[str | None, typer.Option(help="E-mail address.")]


@app.command()
def enrol(
    partner: Partner, reference: Reference = None, phone: Phone = None, email: Email = None
) -> None:
    """Enrol a person at a partner."""
    with open_command() as command:
        member = enrolment.enrol_member(
            connection=command.connection,
            context=command.acting_for(command.party(partner).no),
            keys=_keys(command),
            reference=reference,
            phone=phone,
            email=email,
        )
    _show(member_document(member))


@app.command()
def lookup(
    card: Annotated[str | None, typer.Option(help="Card number.")] = None,
    reference: Reference = None,
    partner: Annotated[str, typer.Option(help="Whose reference it is.")] = "operator",
    phone: Phone = None,
    email: Email = None,
) -> None:
    """Find a member by card, phone, e-mail, or a partner's reference."""
    if sum(each is not None for each in (card, reference, phone, email)) != 1:
        raise typer.BadParameter("give exactly one of --card, --reference, --phone, --email")
    with open_command() as command:
        member = service.look_up(
            connection=command.connection,
            party_no=command.party(partner).no,
            keys=_keys(command),
            card=card,
            reference=reference,
            phone=phone,
            email=email,
        )
    _show(member_document(member))


@app.command()
def show(member: MemberName) -> None:
    """Show a member and what happened to it, as JSON."""
    with open_command() as command:
        found = _member(command, member)
        events = store.list_member_events(connection=command.connection, member_id=found.member_id)
        slugs = {no: party.slug for no, party in command.snapshot.parties.items()}
    document = member_document(found) | {
        "events": [
            {"kind": kind, "reason": reason, "by": slugs.get(by), "at": at.isoformat()}
            for kind, reason, by, at in events
        ]
    }
    _show(document)


@app.command()
def state(
    member: MemberName,
    to: Annotated[str, typer.Argument(metavar="STATE", help=", ".join(STATES))],
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so no personal data.")],
) -> None:
    """Freeze a member, make it active again, or close it for good."""
    if to not in STATES:
        raise typer.BadParameter(f"must be one of {', '.join(STATES)}", param_hint="STATE")
    with open_command() as command:
        changed = enrolment.change_state(
            connection=command.connection,
            context=command.acting_for(),
            member_id=_member(command, member).member_id,
            state=to,
            reason=reason,
        )
    _show(member_document(changed))


@app.command("spend-lock")
def spend_lock(
    member: MemberName,
    unlock: Annotated[bool, typer.Option("--unlock", help="Unlock it again.")] = False,
) -> None:
    """Lock a member's spending at the member's own wish; earning goes on."""
    with open_command() as command:
        changed = enrolment.set_spend_lock(
            connection=command.connection,
            context=command.acting_for(),
            member_id=_member(command, member).member_id,
            locked=not unlock,
        )
    _show(member_document(changed))


@app.command()
def card(
    member: MemberName,
    replace: Annotated[str, typer.Option(help="Number of the lost card it replaces.")] = "",
) -> None:
    """Issue another card; prints its number."""
    with open_command() as command:
        member_id = _member(command, member).member_id
        if replace:
            made = service.replace_card(
                connection=command.connection,
                member_id=member_id,
                number=replace,
                party_no=command.operator.no,
                random=command.random,
                now=command.now,
                new_id=command.new_id,
            )
        else:
            made = service.add_card(
                connection=command.connection,
                member_id=member_id,
                party_no=command.operator.no,
                random=command.random,
                now=command.now,
                new_id=command.new_id,
            )
    typer.echo(made.number)


def _member(command: Command, name: str) -> Member:
    member_id: UUID | None = member_id_or_none(name)
    if member_id is None:
        if not name.isdigit():
            raise HubError("member_not_found", f"{name} is neither a mem_ id nor a card number.")
        return service.look_up(
            connection=command.connection,
            party_no=command.operator.no,
            keys=_keys(command),
            card=name,
        )
    return service.get_member(
        connection=command.connection, member_id=member_id, party_no=command.operator.no
    )


def _keys(command: Command) -> ContactKeys:
    return ContactKeys(
        lookup=command.config.derived_key(purpose=LOOKUP_KEY),
        wrapping=command.config.derived_key(purpose=WRAPPING_KEY),
        random=command.random,
    )


def _show(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
