"""Rows in, the bytes of the line files out: a few microseconds a line.

One pass writes both renderings, the salt slots and the Merkle leaves, and keeps the sums. What
makes it fast is spelled out rather than abstracted: ids are spelled a chunk at a time, text that
repeats is escaped once, and a line is one formatted string.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from partner_sdk.wire.lines import (
    CSV_HEADER,
    FEE_KINDS,
    ROUNDING,
    SALT_BYTES,
    SCHEMA_VERSION,
    csv_field,
    json_field,
)
from partner_sdk.wire.merkle import MerkleTree
from settlement.rendering.pseudonyms import Pseudonyms, spell_ids
from settlement.rendering.rows import LineHeading, LineRow, LineTotals, PairTotal
from settlement.rendering.spelling import Amounts, Minutes, Offsets, Prices, Texts, spell

__all__ = ["LineRenderer", "RenderedLines"]

_NULL = ("null", "")
_NO_ID = bytes(16)
_Spelled = tuple[str, str]
_Ids = Iterator[tuple[_Spelled, _Spelled, _Spelled]]
_NO_PAPERS = (
    '"document_id":null,"partner_ref":null,"store":null,"till":null,"receipt":null',
    ",,,,",
)
_NO_TIMES = ('"occurred_at":null,"occurred_local":null,"posted_at":null', ",,")
_SPECIAL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff",\\\\]').search
_DOCUMENT_PREFIX = {"redemption": "red", "lot": "lot"}
_SECONDS = [f"{second:02d}" for second in range(60)]
#: Caches are dropped beyond this many entries, so that memory stays constant.
_CACHE_LIMIT = 20_000


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
        self._amounts = Amounts()
        self._prices = Prices()
        self._minutes = Minutes()
        self._offsets = Offsets()
        self._activity: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._pairs: defaultdict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
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
        for cached in (self._texts, self._amounts, self._prices, self._minutes):
            if len(cached) > _CACHE_LIMIT:
                cached.clear()
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
        activity = {kind: (n, p, net) for kind, (n, p, net) in sorted(self._activity.items())}
        return LineTotals(
            count=self._count,
            points=sum(points for _, points, _ in activity.values()),
            net_micros=sum(net for _, _, net in activity.values()),
            activity=activity,
            pairs={
                slug: PairTotal(receivable, -payable, rounding)
                for slug, (receivable, payable, rounding) in sorted(
                    (slug, sums) for slug, sums in self._pairs.items() if slug is not None
                )
            },
        )

    def _lines(self, rows: Sequence[LineRow], first: int) -> tuple[list[bytes], list[str]]:
        """Render both forms of each row.

        One long loop on purpose: a call or an object per value would cost more than the work.
        """
        heading, texts, amounts, zero = self._heading, self._texts, self._amounts, "0.000000"
        json_head = f'{{"schema_version":{SCHEMA_VERSION},"statement_no":"{heading.statement_no}"'
        csv_head = f"{SCHEMA_VERSION},{heading.statement_no}"
        json_date, csv_date = f'"value_date":"{heading.value_date}"', heading.value_date
        currency, prices = heading.currency, self._prices
        activity, pairs = self._activity, self._pairs
        own_ids, other_ids, documents = self._ids(rows)
        ndjson: list[bytes] = []
        csv: list[str] = []
        row: Any
        for line_no, row in enumerate(rows, first):
            (
                own, _, adjusts, adjusts_line, document_kind, _, _, _, _, _, _, kind, reason, _, _,
                _, issuer, redeemer, counterparty, campaign, agreement, version, _, points, price,
                net,
            ) = row  # fmt: skip
            if own:
                (movement_j, movement), (member_j, member), (lot_j, lot) = next(own_ids)
                papers_j, papers = self._papers(row, documents)
                times_j, times = self._times(row)
            else:
                (movement_j, movement), (member_j, member), (lot_j, lot) = next(other_ids)
                papers_j, papers = _NO_PAPERS
                times_j, times = _NO_TIMES
            sums = activity[kind]
            sums[0] += 1
            sums[1] += points
            sums[2] += net
            pairs[counterparty][2 if kind == ROUNDING else net < 0] += net
            amount = amounts[net]
            gross, fee = (zero, amounts[-net]) if kind in FEE_KINDS else (amount, zero)
            adjusts_j, adjusts = texts[adjusts]
            adjusts_line_j, adjusts_line = texts[adjusts_line]
            document_kind_j, document_kind = texts[document_kind]
            kind_j, kind = texts[kind]
            reason_j, reason = texts[reason]
            issuer_j, issuer = texts[issuer]
            redeemer_j, redeemer = texts[redeemer]
            counterparty_j, counterparty = texts[counterparty]
            campaign_j, campaign = texts[campaign]
            agreement_j, agreement = texts[agreement]
            version_j, version = texts[version]
            price_j, price = prices[price]
            ndjson.append(
                f'{json_head},"line_no":{line_no},"movement_id":{movement_j}'
                f',"adjusts_statement":{adjusts_j},"adjusts_line":{adjusts_line_j}'
                f',"document_kind":{document_kind_j},{papers_j},"member":{member_j}'
                f',"kind":{kind_j},"reason":{reason_j},{times_j},{json_date}'
                f',"issuer":{issuer_j},"redeemer":{redeemer_j},"counterparty":{counterparty_j}'
                f',"campaign":{campaign_j},"agreement":{agreement_j}'
                f',"agreement_version":{version_j},"lot":{lot_j},"points":{points}'
                f',"price":{price_j},"gross":"{gross}","fee":"{fee}","net":"{amount}"'
                f',"currency":"{currency}","fx_rate":"1","settlement_net":"{amount}"'
                ',"dispute":null}'.encode()
            )
            csv.append(
                f"{csv_head},{line_no},{movement},{adjusts},{adjusts_line},{document_kind},"
                f"{papers},{member},{kind},{reason},{times},{csv_date},{issuer},{redeemer},"
                f"{counterparty},{campaign},{agreement},{version},{lot},{points},{price},{gross},"
                f"{fee},{amount},{currency},1,{amount},"
            )
        return ndjson, csv

    def _ids(self, rows: Sequence[LineRow]) -> tuple[_Ids, _Ids, Iterator[str]]:
        """Spell the ids of all rows: of our own, of the counterparties' copies, of documents."""
        own: list[Any] = [row for row in rows if row[0]]
        other: list[Any] = [row for row in rows if not row[0]]
        hidden = self._pseudonyms
        mine = (
            _quoted("mov", spell_ids(values=[row[1] or _NO_ID for row in own])),
            _quoted("mem", spell_ids(values=[row[10] or _NO_ID for row in own])),
            _quoted("lot", spell_ids(values=[row[22] or _NO_ID for row in own])),
        )
        theirs = (
            _quoted("mov", hidden.of(prefix="mov", values=[row[1] or _NO_ID for row in other])),
            _quoted("psn", hidden.of(prefix="psn", values=[row[10] or _NO_ID for row in other])),
            _quoted("lot", hidden.of(prefix="lot", values=[row[22] or _NO_ID for row in other])),
        )
        # Only closing lines have no ids, and they are this party's own.
        for at, row in enumerate(own):
            if row[1] is None:
                for spelled in mine:
                    spelled[at] = _NULL
        documents = spell_ids(values=[row[5] for row in own if row[5].__class__ is bytes])
        return zip(*mine, strict=True), zip(*theirs, strict=True), iter(documents)

    def _papers(self, row: Any, documents: Iterator[str]) -> tuple[str, str]:
        """Render document_id, partner_ref, store, till and receipt of our own line."""
        document_kind, document, ref, store, till, receipt = row[4:10]
        if document.__class__ is bytes:
            document = f"{_DOCUMENT_PREFIX[document_kind]}_{next(documents)}"
        store_j, store = self._texts[store]
        till_j, till = self._texts[till]
        if document and ref and receipt and not _SPECIAL(f"{document}{ref}{receipt}"):
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
        occurred_text = local_text = posted_text = None
        if occurred is not None:
            minute, us = divmod(occurred, 60_000_000)
            rest = _SECONDS[us // 1_000_000]
            if us := us % 1_000_000:
                rest = f"{rest}.{us:06d}"
            occurred_text = f"{minutes[minute]}{rest}Z"
            if offset is not None:
                # An offset is whole minutes, so seconds and decimals are the same.
                local_text = f"{minutes[minute + offset // 60]}{rest}{self._offsets[offset]}"
        if posted is not None:
            minute, us = divmod(posted, 60_000_000)
            posted_text = f"{minutes[minute]}{_SECONDS[us // 1_000_000]}"
            us %= 1_000_000
            posted_text = f"{posted_text}.{us:06d}Z" if us else f"{posted_text}Z"
        if local_text and posted_text:
            return (
                f'"occurred_at":"{occurred_text}","occurred_local":"{local_text}"'
                f',"posted_at":"{posted_text}"'
            ), f"{occurred_text},{local_text},{posted_text}"
        return (
            f'"occurred_at":{json_field(occurred_text)}'
            f',"occurred_local":{json_field(local_text)},"posted_at":{json_field(posted_text)}'
        ), f"{csv_field(occurred_text)},{csv_field(local_text)},{csv_field(posted_text)}"


def _quoted(prefix: str, digits: list[str]) -> list[tuple[str, str]]:
    return [(f'"{prefix}_{text}"', f"{prefix}_{text}") for text in digits]


def _slots(salts: bytes, first: int) -> list[bytes]:
    """Cut random bytes into salts and give each its check (``partner_sdk.wire.lines``)."""
    cut = [salts[at : at + SALT_BYTES] for at in range(0, len(salts), SALT_BYTES)]
    crc32 = zlib.crc32
    return [
        salt + crc32(salt, line_no & 0xFFFFFFFF).to_bytes(4, "big")
        for line_no, salt in enumerate(cut, first)
    ]
