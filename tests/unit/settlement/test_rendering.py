"""Rendering: the fast path says exactly what the format's rules say, and adds up."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.lines import (
    COLUMNS,
    CSV_HEADER,
    FEE_KINDS,
    INTEGER_COLUMNS,
    SALT_BYTES,
    SLOT_BYTES,
    clean_text,
    csv_line,
    ndjson_line,
    slot_is_intact,
)
from partner_sdk.wire.merkle import leaf_hash, root_of
from settlement.rendering import (
    LINE_ROW,
    LineHeading,
    LineRenderer,
    Pseudonyms,
    pairwise_pseudonym,
    pseudonym_key,
    rounding_row,
)
from settlement.rendering.pseudonyms import spell_ids

_KEY = bytes(range(32))
_uuids = st.binary(min_size=16, max_size=16)
_texts = (
    st.none()
    | st.text(max_size=12)
    | st.sampled_from(["", "a,b", 'say "x"', "C:\\", "ș\n", "-1", "=2+3", "'x"])
)
_slugs = st.sampled_from(["grocer", "fuel", "pool", "operator"])
_kinds = st.sampled_from(["issue", "issue_fee", "redemption", "redemption_fee", "clawback"])
_reasons = _texts | st.just("late_sale")
_rows = st.tuples(
    st.booleans(), _uuids, st.none() | st.just("stm_x"), st.none() | st.just("7"),
    st.sampled_from(["redemption", "lot"]), st.none() | _uuids | st.text(max_size=9), _texts,
    _texts, _texts, _texts, _uuids, _kinds, _reasons,
    st.none() | st.integers(-(10**15), 4 * 10**15),
    st.none() | st.integers(-56, 56).map(lambda quarter: quarter * 900),
    st.none() | st.integers(0, 4 * 10**15), st.none() | _slugs, st.none() | _slugs, _slugs, _texts,
    _texts, _texts, _uuids, st.integers(0, 10**9), st.none() | st.integers(0, 10**9),
    st.integers(-(10**15), 10**15), st.none(), st.none(),
)  # fmt: skip


def _render(
    rows: list[tuple[Any, ...]], batch: int = 1000
) -> tuple[list[bytes], list[bytes], bytes, LineRenderer]:
    renderer = LineRenderer(heading=LineHeading(7, "2026-11-22", "EUR"), pseudonym_key=_KEY)
    ndjson = csv = slots = b""
    for at in range(0, len(rows), batch):
        chunk = rows[at : at + batch]
        done = renderer.render(rows=chunk, salts=bytes(range(SALT_BYTES)) * len(chunk))
        ndjson, csv, slots = ndjson + done.ndjson, csv + done.csv, slots + done.slots
    return ndjson.split(b"\n")[:-1], csv.split(b"\n")[:-1], slots, renderer


def _text_of(value: object) -> str | None:
    return None if value is None else str(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_rows, max_size=6))
def test_both_renderings_follow_the_rules_of_the_format(rows: list[tuple[Any, ...]]) -> None:
    ndjson, csv, slots, renderer = _render(rows, batch=4)
    leaves = []
    for number, (row, line, table) in enumerate(zip(rows, ndjson, csv, strict=True), 1):
        found = json.loads(line)
        values = [_text_of(value) for value in found.values()]
        assert tuple(found) == COLUMNS
        assert ndjson_line(values) == line
        assert csv_line(values) == table
        _check_values(dict(zip(LINE_ROW, row, strict=True)), found, number)
        slot = slots[(number - 1) * SLOT_BYTES : number * SLOT_BYTES]
        assert slot_is_intact(slot=slot, line_no=number)
        leaves.append(leaf_hash(slot=slot, line=line))
    assert renderer.merkle_root() == root_of(leaves=leaves)
    assert renderer.csv_heading() == CSV_HEADER + b"\n"


def _check_values(row: dict[str, Any], found: dict[str, Any], number: int) -> None:
    assert (found["schema_version"], found["statement_no"], found["line_no"]) == (1, "7", number)
    assert {k for k, v in found.items() if isinstance(v, int)} == INTEGER_COLUMNS
    net = format_micros6(row["net_micros"])
    fee = row["kind"] in FEE_KINDS
    assert found["net"] == found["settlement_net"] == net
    assert found["gross"] == ("0.000000" if fee else net)
    assert found["fee"] == (format_micros6(-row["net_micros"]) if fee else "0.000000")
    for name in ("kind", "reason", "issuer", "redeemer", "counterparty", "campaign", "agreement"):
        assert found[name] == (clean_text(row[name] or "") or None)
    receipts = ("partner_ref", "store", "till", "receipt")
    if row["own"]:
        assert found["movement_id"] == ids.encode("mov", UUID(bytes=row["movement"]))
        assert found["member"] == ids.encode("mem", UUID(bytes=row["member"]))
        assert found["lot"] == ids.encode("lot", UUID(bytes=row["lot"]))
        for name in receipts:
            assert found[name] == (clean_text(row[name] or "") or None)
        return
    hidden = Pseudonyms(key=_KEY)
    assert hidden.reveal(prefix="mov", text=found["movement_id"]).bytes == row["movement"]
    assert hidden.reveal(prefix="psn", text=found["member"]).bytes == row["member"]
    assert hidden.reveal(prefix="lot", text=found["lot"]).bytes == row["lot"]
    for name in (*receipts, "document_id", "occurred_at", "occurred_local", "posted_at"):
        assert found[name] is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_rows, max_size=8))
def test_the_totals_are_the_sums_of_the_rows(rows: list[tuple[Any, ...]]) -> None:
    closing = [rounding_row(counterparty="pool", net_micros=net) for net in (3, -5)]
    *_, renderer = _render([*rows, *closing], batch=3)
    totals = renderer.totals()
    net, points, other = (LINE_ROW.index(n) for n in ("net_micros", "points", "counterparty"))
    assert totals.count == len(rows) + 2
    assert totals.net_micros == sum(row[net] for row in rows) - 2
    assert totals.points == sum(row[points] for row in rows)
    every = [dict(zip(LINE_ROW, row, strict=True)) for row in [*rows, *closing]]
    keys = {(row["counterparty"], row["kind"]) for row in every}
    assert [(t.counterparty, t.kind) for t in totals.turnovers] == sorted(keys)
    for turnover in totals.turnovers:
        key = (turnover.counterparty, turnover.kind)
        mine = [row for row in every if (row["counterparty"], row["kind"]) == key]
        nets = [row["net_micros"] for row in mine]
        assert turnover.lines == len(mine)
        assert turnover.points == sum(row["points"] for row in mine)
        assert turnover.receivable_micros == sum(n for n in nets if n > 0)
        assert turnover.payable_micros == -sum(n for n in nets if n < 0)
        adjusting = [row["net_micros"] for row in mine if row["adjusts_statement"]]
        assert turnover.adjusting_lines == len(adjusting)
        assert turnover.adjusting_net_micros == sum(adjusting)
        late = [row["net_micros"] for row in mine if row["reason"] == "late_sale"]
        assert (turnover.late_lines, turnover.late_net_micros) == (len(late), sum(late))
    for slug, pair in totals.pairs.items():
        nets = [row[net] for row in rows if row[other] == slug]
        assert pair.receivable_micros == sum(n for n in nets if n > 0)
        assert pair.payable_micros == -sum(n for n in nets if n < 0)
        assert pair.rounding_micros == (-2 if slug == "pool" else 0)


def test_totals_survive_more_contexts_than_are_remembered() -> None:
    row = list(rounding_row(counterparty="pool", net_micros=1))
    row[1] = row[10] = row[22] = bytes(16)
    row[11] = "redemption"
    rows = []
    for number in range(25_000):
        row[18] = f"partner-{number}"
        rows.append(tuple(row))
    *_, renderer = _render(rows, batch=1000)
    assert renderer.totals().net_micros == 25_000
    assert len(renderer.totals().pairs) == 25_000


def test_times_are_utc_and_the_stores_wall_clock() -> None:
    row = list(rounding_row(counterparty="pool", net_micros=1))
    row[1] = row[10] = row[22] = bytes(16)
    row[13], row[14], row[15] = 1_795_339_800_000_000, -12600, 1_795_339_801_000_050
    ndjson, *_ = _render([tuple(row)])
    found = json.loads(ndjson[0])
    assert found["occurred_at"] == "2026-11-22T09:30:00Z"
    assert found["occurred_local"] == "2026-11-22T06:00:00-03:30"
    assert found["posted_at"] == "2026-11-22T09:30:01.000050Z"


def test_a_closing_line_stands_for_no_movement_member_or_lot() -> None:
    ndjson, csv, *_ = _render([rounding_row(counterparty="pool", net_micros=-4)])
    found = json.loads(ndjson[0])
    filled = {name for name, value in found.items() if value is not None}
    assert filled == {
        "schema_version", "statement_no", "line_no", "kind", "value_date", "counterparty",
        "points", "gross", "fee", "net", "currency", "fx_rate", "settlement_net",
    }  # fmt: skip
    assert csv[0].count(b",") == len(COLUMNS) - 1


def test_the_salts_must_be_as_many_as_the_rows() -> None:
    renderer = LineRenderer(heading=LineHeading(7, "2026-11-22", "EUR"), pseudonym_key=_KEY)
    with pytest.raises(ValueError, match="28 random bytes"):
        renderer.render(rows=[rounding_row(counterparty="pool", net_micros=1)], salts=b"")


@given(st.lists(_uuids, max_size=70))
def test_ids_spelled_in_bulk_are_those_of_the_wire(values: list[bytes]) -> None:
    assert ["mem_" + text for text in spell_ids(values=values)] == [
        ids.encode("mem", UUID(bytes=value)) for value in values
    ]


def test_pseudonyms_differ_by_recipient_and_kind_and_lead_back_only_with_the_key() -> None:
    value = UUID(bytes=bytes(range(16)))
    keys = [pseudonym_key(secret=b"s" * 32, party=party) for party in ("grocer", "fuel")]
    found = {
        pairwise_pseudonym(key=k, prefix=p, value=value)[4:]
        for k in keys
        for p in ("mov", "psn", "lot")
    }
    assert len(found) == 6
    name = pairwise_pseudonym(key=keys[0], prefix="psn", value=value)
    assert name == pairwise_pseudonym(key=keys[0], prefix="psn", value=value)
    assert Pseudonyms(key=keys[0]).reveal(prefix="psn", text=name) == value
    assert Pseudonyms(key=keys[1]).reveal(prefix="psn", text=name) != value
    with pytest.raises(ids.InvalidId):
        Pseudonyms(key=keys[0]).reveal(prefix="psn", text="psn_nonsense")
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(key=b"short")
