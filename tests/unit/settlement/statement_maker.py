"""Statements of any size for the tests of pages, with every section in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.statement import (
    AgreementRef,
    LinesSummary,
    Party,
    Position,
    Previous,
    Statement,
    Turnover,
    Window,
    sum_by_kind,
)

PARTIES = {
    "en": "Cornerstone Bakery",
    "uk": "Пекарня «Ґанок і Їжак», Єнакієве",
    "ru": "Булочная «Ёлочка»",
    "ro": "Brutăria Țărăncuța și Șișca",
}
_STARTS_AT = datetime(2026, 11, 20, 22, tzinfo=UTC)
_KINDS = {
    "pool": ("issue", "redemption", "clawback", "breakage"),
    "operator": ("redemption_fee", "issue_fee", "margin"),
}


def make_statement(
    *,
    language: str = "en",
    counterparties: int = 6,
    name: str = "Greenleaf Grocer",
    opening_micros: int = 1_234_560_000,
    scale: int = 1,
    environment: str = "test",
    kinds: tuple[str, ...] = ("redemption",),
    seed: int = 7,
) -> Statement:
    """A statement that adds up; with no counterparties nothing happened in its window."""
    random = Random(seed)
    turnovers: list[Turnover] = []
    positions: list[Position] = []
    slugs = ["pool", "operator", *(f"partner-{n:03}" for n in range(counterparties - 2))]
    for place, slug in enumerate(slugs[:counterparties]):
        mine = []
        for kind in _KINDS.get(slug, kinds):
            receivable = random.randrange(9_000_000) * scale
            payable = random.randrange(6_000_000) * scale
            correcting = slug == "pool" and kind == "redemption"
            mine.append(
                Turnover(
                    slug,
                    kind,
                    lines=12,
                    points=700,
                    receivable_micros=receivable,
                    payable_micros=payable,
                    adjusting_lines=2 if correcting else 0,
                    adjusting_net_micros=-1_250_000 if correcting else 0,
                    late_lines=int(place == 2),
                    late_net_micros=10_000 if place == 2 else 0,
                )
            )
        position = _position(slug, f"{name} {place}" if place > 1 else slug, mine, random)
        rounding = position.rounded_net_micros - position.exact_net_micros
        if rounding:
            mine.append(
                Turnover(slug, "rounding", 1, 0, max(rounding, 0), max(-rounding, 0), 0, 0, 0, 0)
            )
        turnovers.extend(mine)
        positions.append(position)
    if counterparties:
        paid = Turnover(
            "clearing", "payment", 1, 0, max(-opening_micros, 0), max(opening_micros, 0), 0, 0, 0, 0
        )
        turnovers.extend([Turnover(None, "earn", 2100, 104_000, 0, 0, 0, 0, 0, 0), paid])
        positions.append(_position("clearing", "Clearing house", [paid], None))
    net = sum(position.rounded_net_micros for position in positions)
    return Statement(
        statement_id="stm_01h455vb4pex5vsknk084sn02q",
        statement_no=14 if counterparties else 1,
        environment=environment,
        language=language,
        coalition_name="Four Winds",
        party=Party("prt_01h455vb4pex5vsknk084sn02q", "bakery", PARTIES[language]),
        window=Window(
            "win_20261121",
            "2026-11-21",
            _STARTS_AT,
            _STARTS_AT + timedelta(days=1),
            "Europe/Bucharest",
        ),
        currency="EUR",
        settlement_currency="EUR",
        due_on="2026-12-05" if counterparties else None,
        opening_micros=opening_micros,
        net_micros=net,
        closing_micros=opening_micros + net,
        activity=sum_by_kind(turnovers=turnovers),
        turnovers=tuple(turnovers),
        positions=tuple(sorted(positions, key=lambda position: position.counterparty)),
        agreements=tuple(
            AgreementRef(f"agr_01h455vb4pex5vsknk084s{n:04}", 1, sha256(bytes([n])).hexdigest())
            for n in range(min(counterparties, 20))
        ),
        lines=LinesSummary(
            sum(turnover.lines for turnover in turnovers),
            sum(turnover.points for turnover in turnovers),
            net,
            sha256(b"lines").hexdigest(),
        ),
        previous=Previous("stm_01h455vb4pex5vsknk084sn01a", sha256(b"previous").hexdigest())
        if counterparties
        else None,
        files=(),
        beside=("statement.json.p7s", "statement.pdf"),
        issued_at=_STARTS_AT + timedelta(days=1, seconds=7),
    )


def _position(slug: str, name: str, turnovers: list[Turnover], random: Random | None) -> Position:
    receivable = sum(turnover.receivable_micros for turnover in turnovers)
    payable = sum(turnover.payable_micros for turnover in turnovers)
    exact = receivable - payable
    residue = random.randrange(-4000, 4000) if random else 0
    rounded = round_half_even_to_minor(exact + residue, "EUR")
    return Position(
        slug, name, receivable, payable, exact, residue, rounded, exact + residue - rounded
    )
