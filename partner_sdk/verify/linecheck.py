"""The lines of a bundle, checked in one pass over three files side by side.

Each line of lines.csv determines the line of lines.ndjson byte for byte, so the JSON is not
parsed: it is written again from the CSV and compared. That is both stricter and faster.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest

from partner_sdk.verify.conversion import is_converted
from partner_sdk.wire.archive import InvalidArchive
from partner_sdk.wire.lines import (
    COLUMNS,
    CSV_HEADER,
    DISPUTE_KINDS,
    FEE_KINDS,
    INTEGER_COLUMNS,
    LATE_SALE,
    SCHEMA_VERSION,
    SLOT_BYTES,
    csv_line,
    ndjson_line,
    split_csv,
)
from partner_sdk.wire.merkle import MerkleTree
from partner_sdk.wire.statement import Turnover

__all__ = ["LineSums", "check_lines", "cut_slots"]

_ADJUSTS = COLUMNS.index("adjusts_statement")
_KIND = COLUMNS.index("kind")
_REASON = COLUMNS.index("reason")
_COUNTERPARTY = COLUMNS.index("counterparty")
_POINTS = COLUMNS.index("points")
_PRICE = COLUMNS.index("price")
_GROSS = COLUMNS.index("gross")
_WIDTH = len(COLUMNS)
_ZERO = b"0.000000"
_FEE_KINDS = frozenset(kind.encode() for kind in FEE_KINDS)
_DISPUTE_KINDS = frozenset(kind.encode() for kind in DISPUTE_KINDS)
_LATE = LATE_SALE.encode()
_LATE_AND_MORE = f"{LATE_SALE}; ".encode()
_CURRENCY = re.compile(rb"[A-Z]{3}")
_AMOUNT = re.compile(rb"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{6}")
_COUNT = re.compile(rb"0|[1-9][0-9]{0,15}")
_LEAVES = 1024
_CACHE_LIMIT = 50_000
_MAX_NAMED = 20


@dataclass(slots=True)
class LineSums:
    """What the lines add up to, and the lines that are wrong (number, what is wrong)."""

    count: int = 0
    turnovers: tuple[Turnover, ...] = ()
    merkle_root: bytes = b""
    #: The two renderings of these lines differ; which file is at fault, their hashes tell.
    differing: list[int] = field(default_factory=list)
    #: These lines are alike in both files and contradict themselves.
    contradicting: list[int] = field(default_factory=list)
    csv_heading_wrong: bool = False


class _Amounts(dict[bytes, int]):
    """Canonical text with six decimals → micros."""

    def __missing__(self, text: bytes) -> int:
        if _AMOUNT.fullmatch(text) is None or text == b"-0.000000":
            raise ValueError("not an amount with six decimals")
        if len(self) > _CACHE_LIMIT:
            self.clear()
        found = self[text] = int(text.replace(b".", b""))
        return found


class _Counts(dict[bytes, int]):
    """Canonical text of an integer → the integer."""

    def __missing__(self, text: bytes) -> int:
        if _COUNT.fullmatch(text) is None:
            raise ValueError("not a count")
        if len(self) > _CACHE_LIMIT:
            self.clear()
        found = self[text] = int(text)
        return found


def check_lines(
    *,
    ndjson: Iterable[bytes],
    csv: Iterator[bytes],
    slots: Iterable[bytes],
    statement_no: int,
    currency: str,
) -> LineSums:
    """Compare the renderings, build the tree and the sums; stops where the files lose step."""
    sums = LineSums()
    sums.csv_heading_wrong = next(csv, None) != CSV_HEADER
    check = _Contents(statement_no=statement_no, currency=currency)
    try:
        _walk(sums, check, zip_longest(ndjson, csv, slots))
    except InvalidArchive:
        # The next line is not one: too long, or the last and without its newline.
        sums.differing.append(sums.count + 1)
    sums.turnovers = check.turnovers()
    return sums


def _walk(
    sums: LineSums,
    check: "_Contents",
    lines: Iterable[tuple[bytes | None, bytes | None, bytes | None]],
) -> None:
    rendering, tree = _Rendering(), MerkleTree()
    leaves: list[bytes] = []
    hash_ = sha256
    for line_no, (line, row, slot) in enumerate(lines, 1):
        if line is None or row is None or slot is None:
            sums.differing.append(line_no)
            break
        fields = rendering.fields_of(line=line, row=row)
        if fields is None:
            if len(sums.differing) < _MAX_NAMED:
                sums.differing.append(line_no)
            if not _in_step(line, row, line_no):
                break
        elif not check.add(fields, row, line_no) and len(sums.contradicting) < _MAX_NAMED:
            sums.contradicting.append(line_no)
        sums.count = line_no
        leaves.append(hash_(b"\x00" + slot + line).digest())
        if len(leaves) == _LEAVES:
            tree.extend(leaves=leaves)
            leaves.clear()
    tree.extend(leaves=leaves)
    sums.merkle_root = tree.root()


def cut_slots(*, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut salts.bin into its 32-byte slots; a shorter rest comes last as it is."""
    rest = b""
    for block in blocks:
        content = rest + block
        whole = len(content) - len(content) % SLOT_BYTES
        for at in range(0, whole, SLOT_BYTES):
            yield content[at : at + SLOT_BYTES]
        rest = content[whole:]
    if rest:
        yield rest


def _in_step(line: bytes, row: bytes, line_no: int) -> bool:
    """Whether both files are at this line, though it differs; else all that follows would."""
    return f'"line_no":{line_no},'.encode() in line[:80] and row.split(b",", 3)[2:3] == [
        str(line_no).encode()
    ]


class _Rendering:
    """Writes JSON lines again from CSV lines; remembers where the last ones had nulls."""

    __slots__ = ("_forms",)

    def __init__(self) -> None:
        # By number of nulls: the constant parts of a JSON line, with gaps for the values.
        self._forms: dict[int, list[bytes]] = {}

    def fields_of(self, *, line: bytes, row: bytes) -> list[bytes] | None:
        """Return the fields of a CSV line, or None if the JSON line does not say the same."""
        # Whatever a quote, a guard or a formula could be: rare, and then looked at with care.
        if (
            b'"' in row
            or b"\\" in row
            or b"'" in row
            or b"=" in row
            or b"@" in row
            or b",+" in row
            or _has_bare_minus(row)
        ):
            return _fields_of_quoted(line, row)
        fields = row.split(b",")
        if len(fields) != _WIDTH:
            return None
        nulls = fields.count(b"")
        form = self._forms.get(nulls)
        if form is not None:
            form[1::2] = fields
            # As many nulls and the same bytes: then they are in the same places.
            if b"".join(form) == line:
                return fields
        form = self._forms[nulls] = _form(fields)
        form[1::2] = fields
        return fields if b"".join(form) == line else None


def _has_bare_minus(row: bytes) -> bool:
    """Whether a text begins with a minus; amounts, which come last, may."""
    at = row.find(b",-")
    return at >= 0 and row.count(b",", 0, at) + 1 < _PRICE


def _form(fields: list[bytes]) -> list[bytes]:
    """Return the parts of a JSON line whose nulls are where ``fields`` are empty."""
    parts: list[bytes] = []
    opening = "{"
    for column, value in zip(COLUMNS, fields, strict=True):
        quote = "" if column in INTEGER_COLUMNS else '"'
        if not value:
            parts += [f'{opening}"{column}":null'.encode(), b""]
            opening = ","
        else:
            parts += [f'{opening}"{column}":{quote}'.encode(), b""]
            opening = f"{quote},"
    return [*parts, f"{opening[:-1]}}}".encode()]


def _fields_of_quoted(line: bytes, row: bytes) -> list[bytes] | None:
    """The careful way, for the rare line with a value that is quoted or guarded."""
    try:
        values = split_csv(row.decode())
        if csv_line(values) != row or ndjson_line(values) != line:
            return None
    except ValueError:
        return None
    return [value.encode() for value in values]


class _Contents:
    """What each line must say by itself, and the sums over all of them."""

    __slots__ = ("_amounts", "_counts", "_currency", "_head", "_sums")

    def __init__(self, *, statement_no: int, currency: str) -> None:
        # By counterparty and kind, what a turnover says; what is paid is below zero here.
        self._sums: defaultdict[tuple[bytes, bytes], list[int]] = defaultdict(lambda: [0] * 8)
        self._amounts = _Amounts()
        self._counts = _Counts()
        self._head = f"{SCHEMA_VERSION},{statement_no},"
        self._currency = currency.encode()

    def add(self, fields: list[bytes], row: bytes, line_no: int) -> bool:
        """Take a line into the sums; False if it contradicts itself or its place."""
        kind, counterparty = fields[_KIND], fields[_COUNTERPARTY]
        gross, fee, net, currency, rate, settled, dispute = fields[_GROSS:]
        try:
            micros = self._amounts[net]
            points = self._counts[fields[_POINTS]]
            if kind in _FEE_KINDS:
                fits = gross == _ZERO and self._amounts[fee] == -micros
            else:
                fits = fee == _ZERO and gross == net
            if currency == self._currency:
                fits = fits and settled == net and rate == b"1"
            else:
                fits = fits and is_converted(
                    micros=micros, rate=rate, settled=self._amounts[settled]
                )
                micros = self._amounts[settled]
        except ValueError:
            return False
        total = self._sums[counterparty, kind]
        total[0] += 1
        total[1] += points
        total[2 + (micros < 0)] += micros
        if fields[_ADJUSTS]:
            total[4] += 1
            total[5] += micros
        reason = fields[_REASON]
        if reason == _LATE or reason.startswith(_LATE_AND_MORE):
            total[6] += 1
            total[7] += micros
        return (
            fits
            and (currency == self._currency or _CURRENCY.fullmatch(currency) is not None)
            and (not dispute or kind in _DISPUTE_KINDS)
            and (counterparty != b"" or not micros)
            and row.startswith(f"{self._head}{line_no},".encode())
        )

    def turnovers(self) -> tuple[Turnover, ...]:
        """The sums, in the order of the statement."""
        found = []
        for (counterparty, kind), sums in sorted(self._sums.items()):
            lines, points, received, paid, adjusting, adjusting_net, late, late_net = sums
            found.append(
                Turnover(
                    counterparty=counterparty.decode() or None,
                    kind=kind.decode(),
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
        return tuple(found)
