"""The commands of ``coalition-partner orders``: files of orders for a hub's folder."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from partner_sdk.cli_output import SHOWN, RefusedError, UsageError, read_objects
from partner_sdk.orderfile import OrderFile, check_order_file, read_rows
from partner_sdk.wire.orders import StatedOrder

__all__ = ["ORDER_COMMANDS"]


def _write(options: argparse.Namespace) -> object:
    first = _date(options.since)
    last = first if options.until is None else _date(options.until)
    with OrderFile(
        options.folder,
        store=options.store,
        sequence=options.sequence,
        first_date=first,
        last_date=last,
    ) as file:
        for order in _orders(options.file):
            file.add(order)
    print(file.path)
    return SHOWN


def _orders(name: str) -> Iterator[StatedOrder | Mapping[str, Any]]:
    if Path(name).suffix == ".csv":
        yield from read_rows(name)
    else:
        yield from read_objects(name)


def _check(options: argparse.Namespace) -> object:
    check = check_order_file(options.file)
    for fault in check.faults:
        print(fault)
    if not check.complete:
        raise RefusedError(f"{options.file}: NOT complete, its row `end` is missing")
    if check.header is None or not check.ok:
        raise RefusedError(f"{options.file}: NOT good, {len(check.faults)} faults")
    head = check.header
    print(f"{options.file}: good\n  {head.store} {head.sequence}, {check.orders} orders")
    return SHOWN


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text} is not a date such as 2026-11-22") from error


ORDER_COMMANDS: dict[str, Callable[[argparse.Namespace], object]] = {
    "orders.write": _write,
    "orders.check": _check,
}
