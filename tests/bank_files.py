"""Bank files as banks write them: camt.053 in both versions, and MT940, from the same facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

IBAN = "DE89370400440532013000"
OTHER_IBAN = "GB82WEST12345698765432"


@dataclass(frozen=True, slots=True)
class Line:
    """One booked entry; `amount` is signed text, such as -12.34."""

    amount: str
    booked_on: date
    reference: str = ""
    bank_reference: str = ""
    name: str = "Somebody"
    iban: str = ""
    text: str = ""

    @property
    def is_credit(self) -> bool:
        return not self.amount.startswith("-")

    @property
    def plain(self) -> str:
        return self.amount.removeprefix("-")


def cents(amount: str) -> int:
    units, _, decimals = amount.removeprefix("-").partition(".")
    value = int(units) * 100 + int(decimals.ljust(2, "0") or "0")
    return -value if amount.startswith("-") else value


def _text(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


def camt(
    lines: Sequence[Line],
    *,
    version: str = "08",
    iban: str = IBAN,
    currency: str = "EUR",
    opening: int = 1_000_000,
    status: str = "BOOK",
) -> bytes:
    """A camt.053 file with one statement."""
    closing = opening + sum(cents(line.amount) for line in lines)
    wrap = "<Pty>{}</Pty>" if version == "08" else "{}"
    state = f"<Cd>{status}</Cd>" if version == "08" else status
    entries = []
    for line in lines:
        other = "Dbtr" if line.is_credit else "Cdtr"
        account = (
            f"<{other}Acct><Id><IBAN>{line.iban}</IBAN></Id></{other}Acct>" if line.iban else ""
        )
        end_to_end = line.reference or "NOTPROVIDED"
        bank = f"<AcctSvcrRef>{line.bank_reference}</AcctSvcrRef>" if line.bank_reference else ""
        entries.append(
            f"<Ntry><Amt Ccy='{currency}'>{line.plain}</Amt>"
            f"<CdtDbtInd>{'CRDT' if line.is_credit else 'DBIT'}</CdtDbtInd><Sts>{state}</Sts>"
            f"<BookgDt><Dt>{line.booked_on}</Dt></BookgDt><ValDt><Dt>{line.booked_on}</Dt></ValDt>"
            f"{bank}<BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
            f"<RltdPties><{other}>{wrap.format(f'<Nm>{line.name}</Nm>')}</{other}>{account}"
            f"</RltdPties><RmtInf><Ustrd>{line.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )
    day = lines[0].booked_on if lines else date(2026, 3, 2)

    def balance(code: str, value: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f"<Amt Ccy='{currency}'>{_text(abs(value))}</Amt>"
            f"<CdtDbtInd>{'CRDT' if value >= 0 else 'DBIT'}</CdtDbtInd>"
            f"<Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'>"
        f"<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S1</Id><CreDtTm>{day}T20:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def mt940(
    lines: Sequence[Line],
    *,
    account: str = IBAN,
    currency: str = "EUR",
    opening: int = 1_000_000,
) -> bytes:
    """An MT940 file with one statement; long references are cut into sub-fields, as banks do."""
    closing = opening + sum(cents(line.amount) for line in lines)
    day = lines[0].booked_on if lines else date(2026, 3, 2)
    rows = [
        "{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:",
        ":20:STARTUMS",
        f":25:{account}",
        ":28C:00001/001",
        f":60F:C{day:%y%m%d}{currency}{_text(opening).replace('.', ',')}",
    ]
    for line in lines:
        mark = "C" if line.is_credit else "D"
        amount = line.plain.replace(".", ",")
        bank = f"//{line.bank_reference}" if line.bank_reference else ""
        rows.append(
            f":61:{line.booked_on:%y%m%d}{line.booked_on:%m%d}{mark}{amount}NTRFNONREF{bank}"
        )
        said = f"EREF+{line.reference} SVWZ+{line.text}" if line.reference else line.text or "-"
        parts = [said[at : at + 27] for at in range(0, len(said), 27)]
        fields = "".join(f"?{20 + n}{part}" for n, part in enumerate(parts[:10]))
        rows.append(f":86:166?00TRANSFER{fields}?31{line.iban}?32{line.name[:27]}")
    rows += [f":62F:C{day:%y%m%d}{currency}{_text(closing).replace('.', ',')}", "-}"]
    return ("\r\n".join(rows) + "\r\n").encode()
