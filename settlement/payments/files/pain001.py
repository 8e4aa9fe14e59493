"""Writing what the clearing house pays out: ISO 20022 pain.001.001.09.

One payment information block for each account that is debited. The elements, their order, lengths
and characters keep to the subset of the standard that banks of the SEPA take (EPC132-08), which is
within the standard itself for other currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from partner_sdk.wire.amounts import format_micros, minor_digits
from settlement.payments.domain.accounts import Account

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MAX_NAME = 70
_EURO = "EUR"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One credit transfer; the amount is micros, above zero."""

    reference: str
    amount_micros: int
    to: Account


@dataclass(frozen=True, slots=True)
class Batch:
    """The transfers from one account on one date."""

    currency: str
    from_account: Account
    execution_date: date
    transfers: tuple[Transfer, ...]


def render_pain001(
    *, message_id: str, created_at: datetime, initiator: str, batches: Sequence[Batch]
) -> bytes:
    """The file. `message_id` has at most 35 characters; `created_at` is in UTC.

    Raises ValueError when there is nothing to pay.
    """
    if not batches or not all(batch.transfers for batch in batches):
        raise ValueError("a payment file has transfers")
    root = etree.Element(_name("Document"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # None: no prefix
    message = _add(root, "CstmrCdtTrfInitn")
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", message_id)
    _add(header, "CreDtTm", created_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add(header, "NbOfTxs", str(sum(len(batch.transfers) for batch in batches)))
    # The schema's control sum is of numbers, whatever their currencies.
    _add(header, "CtrlSum", _sum(batches))
    _add(_add(header, "InitgPty"), "Nm", initiator[:MAX_NAME])
    for number, batch in enumerate(batches, start=1):
        _batch(message, batch, f"{message_id}-{number}")
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _batch(message: etree._Element, batch: Batch, batch_id: str) -> None:
    block = _add(message, "PmtInf")
    _add(block, "PmtInfId", batch_id)
    _add(block, "PmtMtd", "TRF")
    _add(block, "NbOfTxs", str(len(batch.transfers)))
    _add(block, "CtrlSum", _sum([batch]))
    if batch.currency == _EURO:
        _add(_add(_add(block, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(block, "ReqdExctnDt"), "Dt", batch.execution_date.isoformat())
    _add(_add(block, "Dbtr"), "Nm", batch.from_account.holder[:MAX_NAME])
    account = _add(block, "DbtrAcct")
    _add(_add(account, "Id"), "IBAN", batch.from_account.iban)
    _add(account, "Ccy", batch.currency)
    agent = _add(_add(block, "DbtrAgt"), "FinInstnId")
    if batch.from_account.bic:
        _add(agent, "BICFI", batch.from_account.bic)
    else:
        _add(_add(agent, "Othr"), "Id", "NOTPROVIDED")
    _add(block, "ChrgBr", "SLEV" if batch.currency == _EURO else "SHAR")
    for transfer in batch.transfers:
        _transfer(block, transfer, batch.currency)


def _transfer(block: etree._Element, transfer: Transfer, currency: str) -> None:
    info = _add(block, "CdtTrfTxInf")
    _add(_add(info, "PmtId"), "EndToEndId", transfer.reference)
    amount = _add(_add(info, "Amt"), "InstdAmt", _amount(transfer.amount_micros, currency))
    amount.set("Ccy", currency)
    if transfer.to.bic:
        _add(_add(_add(info, "CdtrAgt"), "FinInstnId"), "BICFI", transfer.to.bic)
    _add(_add(info, "Cdtr"), "Nm", transfer.to.holder[:MAX_NAME])
    _add(_add(_add(info, "CdtrAcct"), "Id"), "IBAN", transfer.to.iban)
    reference = _add(_add(_add(info, "RmtInf"), "Strd"), "CdtrRefInf")
    _add(_add(_add(reference, "Tp"), "CdOrPrtry"), "Cd", "SCOR")
    _add(reference, "Ref", transfer.reference)


def _sum(batches: Sequence[Batch]) -> str:
    total = sum(each.amount_micros for batch in batches for each in batch.transfers)
    digits = max(minor_digits(batch.currency) for batch in batches)
    return format_micros(total, min_digits=digits)


def _amount(micros: int, currency: str) -> str:
    return format_micros(micros, min_digits=minor_digits(currency))


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _name(name))
    child.text = text
    return child


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
