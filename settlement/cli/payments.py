"""`settlement payments`: what is due, what the bank is told, what it booked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from coalition.errors import HubError
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import InvalidAmount, format_micros, parse_decimal
from settlement import hub
from settlement.cli.files import write_whole
from settlement.cli.operator import (
    OperatorKey,
    Window,
    Work,
    open_operator_work,
    open_work,
    read_date,
)
from settlement.cli.tables import wide_console
from settlement.payments.domain.aging import BUCKETS, age
from settlement.payments.domain.interest import DAY_COUNTS
from settlement.payments.files.bank import MAX_BYTES
from settlement.payments.files.mt940 import ENCODINGS
from settlement.payments.service import matching
from settlement.payments.service.importing import import_file
from settlement.payments.service.terms import set_clearing_account, set_late_terms
from settlement.payments.store import accounts as account_store
from settlement.payments.store import bank
from settlement.payments.store.accounts import EVERY_PARTY, LateRow
from settlement.payments.store.items import read_items, read_pay_to
from settlement.payments.wire import advice_csv, item_document
from settlement.release import service as releases

payments = typer.Typer(
    help="What is due, what the bank is told, what it booked.",
    no_args_is_help=True,
    add_completion=False,
)
Reason = Annotated[str, typer.Option(help="Why; kept for ever.")]


@payments.command()
def due(
    window: Annotated[
        str, typer.Option("--date", metavar="DATE", help="Of one window; else what is open.")
    ] = "",
) -> None:
    """Show what is due: to collect from parties, and to pay out."""
    with open_work() as work:
        found = read_items(
            connection=work.connection,
            business_date=read_date(window) if window else None,
            only_open=not window,
        )
    table = Table()
    for name in ("window", "party", "", "amount", "open", "currency", "due", "reference", "id"):
        table.add_column(name, no_wrap=name in ("reference", "id"))
    for item in found:
        table.add_row(
            str(item.business_date),
            work.slug(item.party_no),
            item.direction,
            format_micros(item.amount_micros),
            format_micros(item.open_micros),
            item.currency,
            str(item.due_date),
            item.reference,
            ids.encode("pay", item.item_id),
        )
    wide_console().print(table)


@payments.command()
def pain001(
    window: Window,
    out: Annotated[Path, typer.Option(help="Where to write the file.")],
    key: OperatorKey,
) -> None:
    """Write the file that tells the bank to pay what a released window pays out."""
    with open_operator_work(key) as (work, operator):
        living = releases.get_living(connection=work.connection, business_date=read_date(window))
        file = releases.payment_file(
            connection=work.connection,
            release_id=living.release_id,
            operator=operator,
            now=work.night.wall(),
        )
    write_whole(path=out, content=file.content)
    typer.echo(f"{out}: message {file.message_id}, {len(file.content)} bytes")


@payments.command()
def advice(
    window: Window,
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
) -> None:
    """Write each party's advice of a released window: as JSON and as CSV."""
    with open_work() as work:
        found = read_items(connection=work.connection, business_date=read_date(window))
        pay_to = read_pay_to(connection=work.connection, item_ids=[item.item_id for item in found])
    out.mkdir(parents=True, exist_ok=True)
    for slug in sorted({work.slug(item.party_no) for item in found}):
        mine = [
            item_document(item=item, party=slug, pay_to=pay_to.get(item.item_id))
            for item in found
            if work.slug(item.party_no) == slug
        ]
        stem = f"advice-{window}-{slug}"
        text = json.dumps(mine, indent=2, ensure_ascii=False) + "\n"
        write_whole(path=out / f"{stem}.json", content=text.encode())
        write_whole(path=out / f"{stem}.csv", content=advice_csv(mine).encode())
        typer.echo(f"{out / stem}.json and .csv")


@payments.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="camt.053 or MT940.")],
    key: OperatorKey,
    encoding: Annotated[
        str, typer.Option(help=f"Of an MT940 file: {', '.join(ENCODINGS)}.")
    ] = "utf-8",
) -> None:
    """Take in what the bank booked, and match it. A file twice changes nothing."""
    if file.stat().st_size > MAX_BYTES:
        raise HubError("bank_file_invalid", f"The file has more than {MAX_BYTES} bytes.")
    content = file.read_bytes()
    with open_operator_work(key) as (work, operator):
        done = import_file(
            connection=work.connection,
            name=file.name,
            content=content,
            encoding=encoding,
            person=operator.person,
            now=work.night.wall(),
            new_id=work.night.new_id,
        )
    if done.again:
        typer.echo(f"{file}: was imported before; nothing changed")
    else:
        typer.echo(
            f"{file}: {done.file.entries} entries, {done.file.new_entries} of them new, "
            f"{done.matched} matched"
        )
    if done.unmatched:
        typer.echo(f"{done.unmatched} left for a person: settlement payments unmatched")


@payments.command()
def unmatched() -> None:
    """Show entries of the bank that nobody could match."""
    with open_work() as work:
        found = bank.read_unmatched(connection=work.connection)
    for each in found:
        booked = each.booked
        sign = "" if booked.credit else "-"
        typer.echo(
            f"{ids.encode('bnk', booked.entry_id)}  {booked.booked_on}  "
            f"{sign}{format_micros(booked.amount_micros)} {booked.currency}  "
            f"{each.counterparty_name}  {each.end_to_end}  {each.details}"
        )


@payments.command()
def match(
    entry: Annotated[str, typer.Argument(help="The bnk_ id.")],
    reason: Reason,
    key: OperatorKey,
    party: Annotated[str, typer.Option(help="Whose it is; without, it is set aside.")] = "",
    pays: Annotated[
        list[str] | None, typer.Option("--pays", help="A pay_ id that it pays; in this order.")
    ] = None,
) -> None:
    """Say whose an entry of the bank is, and what it pays."""
    entry_id = _id("bnk", entry, "bank_entry_not_found")
    item_ids = [_id("pay", each, "payment_not_found") for each in pays or ()]
    if item_ids and not party:
        raise typer.BadParameter("is needed with --pays", param_hint="--party")
    with open_operator_work(key) as (work, operator):
        if party:
            stored = matching.match_manually(
                connection=work.connection,
                entry_id=entry_id,
                party_no=_party_no(work, party),
                item_ids=item_ids,
                reason=reason,
                person=operator.person,
                now=work.night.wall(),
            )
        else:
            stored = matching.set_aside(
                connection=work.connection,
                entry_id=entry_id,
                reason=reason,
                person=operator.person,
                now=work.night.wall(),
            )
    left = f", {format_micros(stored.rest_micros)} on account" if stored.rest_micros else ""
    typer.echo(f"{entry} is {'of ' + party if party else 'set aside'}{left}")


@payments.command()
def aging() -> None:
    """Show what is open by days overdue, on the business date."""
    with open_work() as work:
        coalition = hub.read_coalition(connection=work.connection)
        now = hub.business_now(connection=work.connection)
        found = read_items(connection=work.connection, only_open=True)
    on = now.astimezone(coalition.time_zone).date()
    table = Table(title=f"open on {on}, by days overdue")
    for name in ("party", "", "currency", *(each.replace("_", " ") for each in BUCKETS), "total"):
        table.add_column(name, justify="left" if name in ("party", "", "currency") else "right")
    for each in age(items=found, on=on):
        table.add_row(
            work.slug(each.party_no),
            each.direction,
            each.currency,
            *(format_micros(micros) for micros in each.micros),
            format_micros(each.total_micros),
        )
    wide_console().print(table)


@payments.command()
def account(
    currency: Annotated[str, typer.Argument(help="Such as EUR.")],
    iban: Annotated[str, typer.Argument(help="The clearing house's account.")],
    holder: Annotated[str, typer.Option(help="Its holder's name, as the bank has it.")],
    key: OperatorKey,
    bic: Annotated[str, typer.Option(help="The bank.")] = "",
    mt940_name: Annotated[
        str, typer.Option(help="How MT940 files name it, if not by its IBAN.")
    ] = "",
) -> None:
    """Set the clearing house's account in a currency; releases from now on use it."""
    with open_operator_work(key) as (work, operator):
        set_clearing_account(
            connection=work.connection,
            currency=currency,
            iban=iban,
            bic=bic or None,
            holder=holder,
            mt940_name=mt940_name or None,
            person=operator.person,
            now=work.night.wall(),
        )
    typer.echo(f"{currency}: {iban}, {holder}")


@payments.command("accounts")
def list_accounts() -> None:
    """List the clearing house's accounts."""
    with open_work() as work:
        found = account_store.read_accounts(connection=work.connection)
    for each in found.values():
        typer.echo(f"{each.currency}  {each.account.iban}  {each.account.holder}")


@payments.command("late-terms")
def late_terms(
    key: OperatorKey,
    party: Annotated[str, typer.Option(help="For one party; else for all others.")] = "",
    penalty: Annotated[str, typer.Option(help="Owed once by what is overdue.")] = "0",
    after_days: Annotated[int, typer.Option(min=0, max=365, help="Days overdue till then.")] = 30,
    day_count: Annotated[str, typer.Option(help=" or ".join(DAY_COUNTS))] = "act/365",
) -> None:
    """Set what being late costs beside the profile's interest; for later releases."""
    try:
        micros = parse_decimal(penalty)
    except InvalidAmount as error:
        raise typer.BadParameter(str(error), param_hint="--penalty") from None
    if day_count not in DAY_COUNTS:
        raise typer.BadParameter(
            f"must be one of {', '.join(DAY_COUNTS)}", param_hint="--day-count"
        )
    with open_operator_work(key) as (work, _operator):
        set_late_terms(
            connection=work.connection,
            party_no=_party_no(work, party) if party else EVERY_PARTY,
            late=LateRow(day_count, micros, after_days),
            check=lambda no: no in work.parties,
        )
    typer.echo(f"{party or 'all others'}: {penalty} after {after_days} days, {day_count}")


def _party_no(work: Work, slug: str) -> int:
    for party in work.parties.values():
        if party.slug == slug and party.kind != "clearing":
            return party.no
    raise HubError("partner_not_found", f"There is no party {slug} that pays.")


def _id(prefix: str, text: str, missing: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise HubError(missing, f"{text} is not a {prefix}_ id.") from None
