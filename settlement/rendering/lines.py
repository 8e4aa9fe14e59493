"""Rows in, the bytes of the line files out: a few microseconds a line.

One pass writes both renderings, the salt slots and the Merkle leaves, and keeps the sums. What
makes it fast is spelled out rather than abstracted: ids are spelled a chunk at a time, text that
repeats is escaped once, what lines of a kind and counterparty share is put together once, and a
line is then one formatted string.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from partner_sdk.wire.lines import CSV_HEADER, SALT_BYTES, SCHEMA_VERSION, is_late, json_field
from partner_sdk.wire.merkle import MerkleTree
from partner_sdk.wire.statement import Turnover
from settlement.rendering.pseudonyms import Pseudonyms, spell_ids
from settlement.rendering.rows import LineHeading, LineRow, LineTotals
from settlement.rendering.spelling import (
    CACHE_LIMIT,
    Contexts,
    Minutes,
    Prices,
    Texts,
    adjustment,
    spell,
    with_dispute,
    without_ids,
)

__all__ = ["LineRenderer", "RenderedLines"]

_NO_PAPERS = (
    '"document_id":null,"partner_ref":null,"store":null,"till":null,"receipt":null',
    ",,,,",
)
_NO_TIMES = ('"occurred_at":null,"occurred_local":null,"posted_at":null', ",,")
_NO_ADJUSTMENT = ('"adjusts_statement":null,"adjusts_line":null', ",")
#: What a text may need care for, in a line or at its beginning; one set, so that it is found fast.
_SPECIAL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\",\\\\=+@']").search
_DOCUMENT_PREFIX = {"redemption": "red", "lot": "lot"}
_SECONDS = [f"{second:02d}" for second in range(60)]
_MOVEMENT, _DOCUMENT, _MEMBER, _LOT = 1, 5, 10, 22
_NO_ID = bytes(16)
_Ids = Iterator[tuple[str, str, str]]
#: Sums by counterparty and kind.
_Sums = dict[tuple[str | None, str], list[int]]


@dataclass(frozen=True, slots=True)
class RenderedLines:
    """The next bytes of lines.ndjson, lines.csv and salts.bin."""

    ndjson: bytes
    csv: bytes
    slots: bytes


class LineRenderer:
    """Renders the lines of one statement, chunk by chunk, and keeps their totals."""

    def __init__(self, *, heading: LineHeading, pseudonym_key: bytes) -> None:
        self._heading = heading
        self._pseudonyms = Pseudonyms(key=pseudonym_key)
        self._texts = Texts()
        self._prices = Prices()
        self._minutes = Minutes()
        self._contexts = Contexts(currency=heading.currency, texts=self._texts)
        #: Sums of contexts that were dropped.
        self._dropped: _Sums = {}
        #: Lines and net of what corrects earlier statements: few lines, so they are counted apart.
        self._adjusting: _Sums = {}
        self._tree = MerkleTree()
        self._count = 0

    def csv_heading(self) -> bytes:
        """Return the first line of lines.csv."""
        return CSV_HEADER + b"\n"

    def render(self, *, rows: Sequence[LineRow], salts: bytes) -> RenderedLines:
        """Render the next rows; ``salts`` are 28 fresh random bytes for each of them.

        Raises:
            ValueError: too few or too many salts.
        """
        if len(salts) != SALT_BYTES * len(rows):
            raise ValueError("exactly 28 random bytes are needed for each row")
        self._bound_caches()
        first = self._count + 1
        ndjson, csv = self._lines(rows, first)
        slots = _slots(salts, first)
        self._count += len(rows)
        hash_ = sha256
        self._tree.extend(
            leaves=[
                hash_(b"\x00" + slot + line).digest()
                for slot, line in zip(slots, ndjson, strict=True)
            ]
        )
        ndjson.append(b"")
        csv.append("")
        return RenderedLines(b"\n".join(ndjson), "\n".join(csv).encode(), b"".join(slots))

    def merkle_root(self) -> bytes:
        """Return the root over the lines so far."""
        return self._tree.root()

    def totals(self) -> LineTotals:
        """Return the sums over the lines so far."""
        turnovers = []
        sums = sorted(self._sums().items(), key=lambda found: (found[0][0] or "", found[0][1]))
        for key, (lines, points, received, paid, late, late_net) in sums:
            adjusting, adjusting_net = self._adjusting.get(key, (0, 0))
            turnovers.append(
                Turnover(
                    counterparty=key[0],
                    kind=key[1],
                    lines=lines,
                    points=points,
                    receivable_micros=received,
                    payable_micros=-paid,
                    adjusting_lines=adjusting,
                    adjusting_net_micros=adjusting_net,
                    late_lines=late,
                    late_net_micros=late_net,
                )
            )
        return LineTotals(tuple(turnovers))

    def _sums(self) -> _Sums:
        """Lines, points, received, paid (below zero), late lines and their net."""
        sums = {key: list(found) for key, found in self._dropped.items()}
        for key, (found, *_) in self._contexts.items():
            total = sums.setdefault((key[5] or None, key[1]), [0, 0, 0, 0, 0, 0])
            total[0] += found[0]
            total[1] += found[1]
            total[2] += found[2]
            total[3] += found[3]
            if is_late(reason=key[2]):
                total[4] += found[0]
                total[5] += found[2] + found[3]
        return sums

    def _bound_caches(self) -> None:
        for cached in (self._texts, self._prices, self._minutes):
            if len(cached) > CACHE_LIMIT:
                cached.clear()
        self._contexts.drop_amounts()
        if len(self._contexts) > CACHE_LIMIT:
            self._dropped = self._sums()
            self._contexts.clear()

    def _lines(self, rows: Sequence[LineRow], first: int) -> tuple[list[bytes], list[str]]:
        """Render both forms of each row.

        One long loop on purpose: a call or an object per value would cost more than the work.
        """
        no, date = self._heading.statement_no, self._heading.value_date
        json_head = f'{{"schema_version":{SCHEMA_VERSION},"statement_no":"{no}","line_no":'
        csv_head = f"{SCHEMA_VERSION},{no},"
        contexts, prices = self._contexts, self._prices
        own_ids, other_ids, documents = self._ids(rows)
        ndjson: list[bytes] = []
        csv: list[str] = []
        row: Any
        for line_no, row in enumerate(rows, first):
            (
                own, named, adjusts, adjusts_line, document_kind, _, _, _, _, _, _, kind, reason,
                _, _, _, issuer, redeemer, counterparty, campaign, agreement, version, _, points,
                price, net, conversion, dispute,
            ) = row  # fmt: skip
            sums, moneys, document_j, document, kind_j, kind_c, parties_j, parties = contexts[
                document_kind, kind, reason, issuer, redeemer, counterparty, campaign, agreement,
                version
            ]  # fmt: skip
            if conversion is None:
                money_j, money = moneys[net]
            else:
                money_j, money = moneys.converted(net, conversion)
                net = conversion.settlement_micros
            sums[0] += 1
            sums[1] += points
            sums[3 if net < 0 else 2] += net
            price_j, price = prices[price]
            if own:
                movement, member, lot = next(own_ids)
                who = "mem"
                papers_j, papers = self._papers(row, documents)
                times_j, times = self._times(row)
            else:
                movement, member, lot = next(other_ids)
                who = "psn"
                papers_j, papers = _NO_PAPERS
                times_j, times = _NO_TIMES
            if adjusts is None:
                adjusts_j, adjusts = _NO_ADJUSTMENT
            else:
                adjusts_j, adjusts = adjustment(adjusts, adjusts_line)
                adjusting = self._adjusting.setdefault((counterparty, kind), [0, 0])
                adjusting[0] += 1
                adjusting[1] += net
            line = (
                f'{json_head}{line_no},"movement_id":"mov_{movement}",{adjusts_j},{document_j}'
                f',{papers_j},"member":"{who}_{member}",{kind_j},{times_j},"value_date":"{date}"'
                f',{parties_j},"lot":"lot_{lot}","points":{points},"price":{price_j},{money_j}'
            )
            line_c = (
                f"{csv_head}{line_no},mov_{movement},{adjusts},{document},{papers},{who}_{member},"
                f"{kind_c},{times},{date},{parties},lot_{lot},{points},{price},{money}"
            )
            if named is None:
                line, line_c = without_ids(line, line_c)
                if dispute:
                    line, line_c = with_dispute(line, line_c, dispute)
            ndjson.append(line.encode())
            csv.append(line_c)
        return ndjson, csv

    def _ids(self, rows: Sequence[LineRow]) -> tuple[_Ids, _Ids, Iterator[str]]:
        """Spell the ids of all rows: of our own, of the counterparties' copies, of documents."""
        own: list[Any] = [row for row in rows if row[0]]
        other: list[Any] = [row for row in rows if not row[0]] if len(own) < len(rows) else []
        columns = (_MOVEMENT, _MEMBER, _LOT)
        mine = iter(spell_ids(values=[row[at] or _NO_ID for row in own for at in columns]))
        hidden = [
            self._pseudonyms.of(prefix=prefix, values=[row[at] or _NO_ID for row in other])
            for prefix, at in zip(("mov", "psn", "lot"), columns, strict=True)
        ]
        named = [row[_DOCUMENT] for row in own if row[_DOCUMENT].__class__ is bytes]
        documents = iter(spell_ids(values=named))
        return zip(mine, mine, mine, strict=True), zip(*hidden, strict=True), documents

    def _papers(self, row: Any, documents: Iterator[str]) -> tuple[str, str]:
        """Render document_id, partner_ref, store, till and receipt of our own line."""
        document_kind, document, ref, store, till, receipt = row[4:10]
        if document.__class__ is bytes:
            document = f"{_DOCUMENT_PREFIX[document_kind]}_{next(documents)}"
        store_j, store = self._texts[store]
        till_j, till = self._texts[till]
        if (
            document
            and ref
            and receipt
            and not _SPECIAL(f"{document}{ref}{receipt}")
            and "-" not in (document[0], ref[0], receipt[0])
        ):
            return (
                f'"document_id":"{document}","partner_ref":"{ref}","store":{store_j}'
                f',"till":{till_j},"receipt":"{receipt}"'
            ), f"{document},{ref},{store},{till},{receipt}"
        document_j, document = spell(document)
        ref_j, ref = spell(ref)
        receipt_j, receipt = spell(receipt)
        return (
            f'"document_id":{document_j},"partner_ref":{ref_j},"store":{store_j}'
            f',"till":{till_j},"receipt":{receipt_j}'
        ), f"{document},{ref},{store},{till},{receipt}"

    def _times(self, row: Any) -> tuple[str, str]:
        """Render occurred_at, occurred_local and posted_at of our own line."""
        occurred, offset, posted = row[13:16]
        minutes = self._minutes
        occurred_text = local_text = posted_text = ""
        if occurred is not None:
            minute, us = divmod(occurred, 60_000_000)
            seconds, us = divmod(us, 1_000_000)
            rest = f"{_SECONDS[seconds]}.{us:06d}" if us else _SECONDS[seconds]
            occurred_text = f"{minutes[minute]}{rest}Z"
            if offset is not None:
                # Offsets are whole minutes: seconds and decimals are the same.
                local_text = f"{minutes[minute + offset // 60]}{rest}{_offset(offset)}"
        if posted is not None:
            minute, us = divmod(posted, 60_000_000)
            seconds, us = divmod(us, 1_000_000)
            rest = f"{_SECONDS[seconds]}.{us:06d}" if us else _SECONDS[seconds]
            posted_text = f"{minutes[minute]}{rest}Z"
        if local_text and posted_text:
            return (
                f'"occurred_at":"{occurred_text}","occurred_local":"{local_text}"'
                f',"posted_at":"{posted_text}"'
            ), f"{occurred_text},{local_text},{posted_text}"
        return (
            f'"occurred_at":{json_field(occurred_text)}'
            f',"occurred_local":{json_field(local_text)},"posted_at":{json_field(posted_text)}'
        ), f"{occurred_text},{local_text},{posted_text}"


@cache
def _offset(seconds: int) -> str:
    """Seconds east of UTC → ``+02:00``."""
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def _slots(salts: bytes, first: int) -> list[bytes]:
    """Cut random bytes into salts and give each its check (``partner_sdk.wire.lines``)."""
    cut = [salts[at : at + SALT_BYTES] for at in range(0, len(salts), SALT_BYTES)]
    crc32 = zlib.crc32
    return [
        salt + crc32(salt, line_no & 0xFFFFFFFF).to_bytes(4, "big")
        for line_no, salt in enumerate(cut, first)
    ]
