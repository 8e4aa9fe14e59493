"""Bundles for tests: real rows, real keys, as many lines as wanted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.statement import AgreementRef, Party, Previous, Statement, Window
from settlement.bundles import BundleWriter, IssuedBundle, PdfMaker
from settlement.rendering import (
    Conversion,
    LineHeading,
    LineRow,
    PairPosition,
    StatementFacts,
    rounding_row,
)
from settlement.signing import FileKeystore, KeySigner, Naming

SIGNED_AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NAMING = Naming(coalition="Test coalition", environment="test")
_DAY_ONE = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
_AGREEMENT = "agr_01h455vb4pex5vsknk084sn02q"


def make_keystore(folder: Path, *, now: datetime = SIGNED_AT) -> FileKeystore:
    """Keys of a test environment."""
    keystore = FileKeystore(folder=folder, passphrase="a passphrase of tests")
    keystore.ensure(now=now, naming=NAMING)
    return keystore


def make_rows(count: int, *, seed: int = 1) -> list[LineRow]:
    """Rows of a bakery: its own receipts first, then copies of the counterparties' lines."""
    chance = random.Random(seed)
    rows: list[LineRow] = []
    for number in range(count):
        own = number < (count + 1) // 2
        rows.append(_own_row(chance, number) if own else _others_row(chance))
    return rows


def _own_row(chance: random.Random, number: int) -> LineRow:
    points = chance.randrange(1, 300)
    occurred_us = 1_795_339_800_000_000 + number * 61_000_003
    lot = chance.randbytes(16)
    if number % 3 == 0:
        other, kind, net = chance.choice(("grocer", "fuel")), "redemption", points * 9_999
        document_kind, document, redeemer = "redemption", chance.randbytes(16), "bakery"
    elif number % 3 == 1:
        other, kind, net = "operator", "redemption_fee", -points * 20
        document_kind, document, redeemer = "redemption", chance.randbytes(16), "bakery"
    else:
        other, kind, net = None, "earn", 0
        document_kind, document, redeemer = "sale", f"sale {number}", None
    return (
        True, chance.randbytes(16), None, None, document_kind, document, f"ref-{number}", "12",
        "Kasse „3“", f"{number:08d}", chance.randbytes(16), kind, None, occurred_us, 7200,
        occurred_us + 1_000_001, "bakery" if other is None else other, redeemer, other, None,
        _AGREEMENT, "3", lot, points, None if kind == "redemption_fee" else 9_999, net,
        None, None,
    )  # fmt: skip


def _others_row(chance: random.Random) -> LineRow:
    points = chance.randrange(1, 300)
    other = chance.choice(("grocer", "florist"))
    net = -points * 10_000 - 3
    # The florist's are in lei, at 0.2 exactly.
    conversion = Conversion("RON", "0.2", round(Fraction(net, 5))) if other == "florist" else None
    return (
        False, chance.randbytes(16), None, None, "redemption", None, None, None, None, None,
        chance.randbytes(16), "redemption", None, None, None, None, "bakery", other, other, None,
        _AGREEMENT, "3", chance.randbytes(16), points, 10_000, net, conversion,
        None,
    )  # fmt: skip


@dataclass(slots=True)
class Books:
    """One party's account: each bundle goes on where the one before it ended."""

    folder: Path
    signer: KeySigner
    currency: str = "EUR"
    opening_micros: int = 0
    residues: Mapping[str, int] = field(default_factory=dict)
    previous: Previous | None = None
    number: int = 1
    signed_at: datetime = SIGNED_AT
    make_pdf: PdfMaker | None = None

    def issue(self, rows: Iterable[LineRow], *, name: str | None = None) -> IssuedBundle:
        """Write the next bundle."""
        starts_at = _DAY_ONE + timedelta(days=self.number - 1)
        date = (starts_at + timedelta(hours=2)).date().isoformat()
        heading = LineHeading(self.number, date, self.currency)
        path = self.folder / (name or f"bakery-{self.number}.zip")
        with BundleWriter(
            path=path, heading=heading, signer=self.signer, pseudonym_key=bytes(32)
        ) as bundle:
            bundle.add(rows=rows)
            positions = self._round(bundle)
            facts = StatementFacts(
                statement_id=f"stm_{self.number:026d}",
                environment="test",
                coalition_name="Test coalition",
                party=Party("prt_01h455vb4pex5vsknk084sn02q", "bakery", "Brutăria „Ана“"),
                window=Window(
                    f"win_{date.replace('-', '')}",
                    date,
                    starts_at,
                    starts_at + timedelta(days=1),
                    "Europe/Bucharest",
                ),
                currency=self.currency,
                opening_micros=self.opening_micros,
                closing_micros=self.opening_micros + bundle.totals.net_micros,
                positions=positions,
                agreements=(AgreementRef(_AGREEMENT, 3, "ab" * 32),),
                previous=self.previous,
                issued_at=self.signed_at,
                names={p.counterparty: p.counterparty.title() for p in positions},
            )
            issued = bundle.finish(facts=facts, signed_at=self.signed_at, make_pdf=self.make_pdf)
        self.opening_micros = Statement.from_bytes(issued.statement).closing_micros
        self.residues = {p.counterparty: p.residue_out_micros for p in positions}
        self.previous = Previous(facts.statement_id, issued.statement_sha256)
        self.number += 1
        return issued

    def _round(self, bundle: BundleWriter) -> tuple[PairPosition, ...]:
        pairs = bundle.totals.pairs
        positions: list[PairPosition] = []
        for slug in sorted({*pairs, *(s for s, left in self.residues.items() if left)}):
            pair = pairs.get(slug)
            exact = pair.receivable_micros - pair.payable_micros if pair else 0
            brought = self.residues.get(slug, 0)
            rounded = round_half_even_to_minor(exact + brought, self.currency)
            if rounded != exact:
                bundle.add(rows=[rounding_row(counterparty=slug, net_micros=rounded - exact)])
            positions.append(PairPosition(slug, brought, rounded, exact + brought - rounded))
        return tuple(positions)
