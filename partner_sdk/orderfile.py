"""Writing a file of orders for a hub that picks files up from a folder, and checking one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from partner_sdk.errors import CoalitionError
from partner_sdk.wire.orders import (
    MAX_ORDERS,
    MAX_ROW_BYTES,
    FileHeader,
    InvalidOrder,
    OrderFileReader,
    OrderRows,
    RowFault,
    StatedOrder,
    read_order,
)

__all__ = ["InvalidOrderFile", "OrderFile", "OrderFileCheck", "check_order_file", "read_rows"]


class InvalidOrderFile(CoalitionError):  # noqa: N818 - the name says it
    """An order cannot stand in a file, or rows are no orders; the message names each place."""


class OrderFile:
    """A file that is written order by order, and has its name only when it is whole.

        with OrderFile("outbox", store="7", sequence=12, first_date=day, last_date=day) as file:
            for order in orders_of(day):
                file.add(order)

    Until the block ends the file is hidden and ends in ``.part``; if the block raises, it is
    removed. ``sequence`` counts the files of a store, from 1, without a gap: a day without orders
    is a file without orders. ``path`` is where the file will be.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        store: str,
        sequence: int,
        first_date: date,
        last_date: date,
        created_at: datetime | None = None,
    ) -> None:
        if created_at is None:
            from partner_sdk.transport import wall_now

            created_at = wall_now()
        header = FileHeader(store, sequence, created_at, first_date, last_date)
        begun = OrderRows(header)
        self._first = begun.begin()
        _check_header(self._first)
        self._rows = begun
        self.path = Path(folder) / f"orders-{store}-{sequence:06d}.csv"
        self._part = self.path.with_name(f".{self.path.name}.part")
        self._ids: set[str] = set()
        self._out: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self.path.exists():
            raise FileExistsError(f"{self.path} is there already")
        self._out = self._part.open("wb")
        self._out.write(self._first)
        return self

    def add(self, order: StatedOrder | Mapping[str, Any]) -> None:
        """Write an order, or the JSON document of one.

        Raises:
            InvalidOrderFile: it is not well-formed, or was added before.
            ValueError: outside of the block.
        """
        if self._out is None:
            raise ValueError("add orders inside of the block")
        document = order.to_wire() if isinstance(order, StatedOrder) else order
        try:
            read = read_order(document)
        except InvalidOrder as error:
            raise InvalidOrderFile(str(error)) from error
        if read.id in self._ids:
            raise InvalidOrderFile(f"order {read.id}: a file says an order once")
        if len(self._ids) == MAX_ORDERS:
            raise InvalidOrderFile(f"a file has at most {MAX_ORDERS} orders")
        self._ids.add(read.id)
        self._out.write(self._rows.order(read))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        out, self._out = self._out, None
        if out is None:
            return
        with out:
            if kind is None:
                out.write(self._rows.finish())
                out.flush()
                os.fsync(out.fileno())
        if kind is not None:
            with suppress(FileNotFoundError):
                self._part.unlink()
            return
        self._part.rename(self.path)


@dataclass(frozen=True, slots=True)
class OrderFileCheck:
    """What was found in a file; it is good when it is complete and has no fault."""

    complete: bool
    header: FileHeader | None
    orders: int
    sha256: str | None
    faults: tuple[RowFault, ...]

    @property
    def ok(self) -> bool:
        """Whether a hub takes it."""
        return self.complete and not self.faults


def check_order_file(path: str | Path) -> OrderFileCheck:
    """Check a file as the hub does. Raises OSError."""
    with Path(path).open("rb") as stream:
        reader = OrderFileReader(_lines(stream))
        orders = sum(1 for _ in reader)
    return OrderFileCheck(
        complete=reader.complete,
        header=reader.header,
        orders=orders,
        sha256=None if reader.end is None else reader.end.sha256,
        faults=tuple(reader.faults),
    )


def read_rows(path: str | Path) -> Iterator[StatedOrder]:
    """Read orders from rows that have neither the row `file` nor the row `end` yet.

    Raises:
        InvalidOrderFile: at the end, with the rows and columns that are wrong.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as stream:
        reader = OrderFileReader(_lines(stream), rows_only=True)
        for _, order in reader:
            yield order
    if reader.faults:
        raise InvalidOrderFile("\n".join(str(fault) for fault in reader.faults))


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(MAX_ROW_BYTES + 1):
        yield line


def _check_header(row: bytes) -> None:
    reader = OrderFileReader([row])
    list(reader)
    if reader.faults:
        raise InvalidOrderFile("; ".join(f"{f.column}: {f.text}" for f in reader.faults))
