"""Cutting many sales into batches that the hub takes, and reading the answers back in order."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire.messages import SaleResult
from partner_sdk.wire.sales import Sale

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_BATCH_SALES",
    "Chunk",
    "SaleLike",
    "chunks",
    "chunks_of_encoded",
    "results_reader",
]

#: The hub takes this many sales in one batch.
MAX_BATCH_SALES = 1000
#: The hub reads batches of up to two mebibytes; the rest is margin.
MAX_BATCH_BYTES = 2 * 1024 * 1024 - 64 * 1024

#: A sale: typed, or as on the wire with its ``id`` among the members.
SaleLike = Sale | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """One batch: the ids of its sales in order, and the body to send."""

    ids: tuple[str, ...]
    payload: bytes


def wire_of(sale: SaleLike) -> dict[str, Any]:
    """Return a sale as on the wire, its ``id`` included; a copy that may be changed."""
    return sale.to_wire() if isinstance(sale, Sale) else dict(sale)


def sale_id(body: Mapping[str, Any]) -> str:
    """Return the sale's id.

    Raises:
        ValueError: there is none.
    """
    value = body.get("id")
    if not isinstance(value, str) or not value:
        raise ValueError("a sale needs an id")
    return value


def encoded(body: Mapping[str, Any]) -> bytes:
    """Write a sale as JSON.

    Raises:
        ValueError: it holds what JSON or UTF-8 cannot.
    """
    try:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except TypeError as error:
        raise ValueError(f"the sale is not JSON: {error}") from error


def chunks(sales: Iterable[SaleLike]) -> Iterator[Chunk]:
    """Cut sales into batches in the order given; see ``chunks_of_encoded``."""

    def pairs() -> Iterator[tuple[str, bytes]]:
        for sale in sales:
            body = wire_of(sale)
            yield sale_id(body), encoded(body)

    return chunks_of_encoded(pairs())


def chunks_of_encoded(sales: Iterable[tuple[str, bytes]]) -> Iterator[Chunk]:
    """Cut written sales into batches, bounded by count and by size, in the order given.

    A sale that comes twice starts a new batch: within one, the hub takes only the highest
    revision, and a lower one may carry refunds of its own.
    """
    ids: list[str] = []
    bodies: list[bytes] = []
    seen: set[str] = set()
    size = 0
    for key, body in sales:
        full = len(ids) == MAX_BATCH_SALES or size + len(body) > MAX_BATCH_BYTES
        if ids and (full or key in seen):
            yield _chunk(ids, bodies)
            ids, bodies, seen, size = [], [], set(), 0
        ids.append(key)
        bodies.append(body)
        seen.add(key)
        size += len(body) + 1
    if ids:
        yield _chunk(ids, bodies)


def _chunk(ids: list[str], bodies: list[bytes]) -> Chunk:
    return Chunk(ids=tuple(ids), payload=b'{"sales":[' + b",".join(bodies) + b"]}")


def results_reader(chunk: Chunk) -> Callable[[Any], list[SaleResult]]:
    """Return a reader that insists on one answer for each sale, in order."""

    def read(answer: Any) -> list[SaleResult]:
        results = [SaleResult.from_wire(item) for item in answer["results"]]
        if tuple(result.id for result in results) != chunk.ids:
            raise ValueError("the answers are not those of the sales sent")
        return results

    return read
