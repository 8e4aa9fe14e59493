"""The container of a bundle: one canonical form of ZIP, so that it can hide nothing.

The known files in a fixed order, stored, dated 1980-01-01, no comments, no directories. Every
header is determined by the names, sizes and CRC-32s of the files; whoever reads a bundle writes
the headers again and compares. Local headers always carry the ZIP64 size field, so that lines of
unknown length can be streamed; the directory carries it where a value needs it (APPNOTE 6.3.10,
§4.3, §4.5.3).

Which of the optional files a bundle has, ``statement.json`` says; only the log's proof, which is
made after everything else, may be there or not.

Nothing here opens a file: callers hand in seekable binary streams.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from partner_sdk.wire.files import (
    BESIDE,
    CAMT,
    CAMT_SIGNATURE,
    CHAIN,
    CSV,
    FILES,
    JOURNAL,
    NDJSON,
    ONEC,
    OPTIONAL,
    PDF,
    PROOF,
    ROOT,
    SALTS,
    SIGNATURE,
    STATEMENT,
    VERIFIER,
    listed_in,
)

__all__ = [
    "BESIDE",
    "CAMT",
    "CAMT_SIGNATURE",
    "CHAIN",
    "CSV",
    "FILES",
    "JOURNAL",
    "NDJSON",
    "ONEC",
    "OPTIONAL",
    "PDF",
    "PROOF",
    "ROOT",
    "SALTS",
    "SIGNATURE",
    "STATEMENT",
    "VERIFIER",
    "Archive",
    "Entry",
    "Fault",
    "InvalidArchive",
    "directory",
    "iter_blocks",
    "iter_lines",
    "listed_in",
    "local_header",
    "read_entry",
    "scan",
    "split_lines",
]

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_EXTRA = struct.Struct("<HHQQ")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_CENTRAL_EXTRA = struct.Struct("<HHQQQ")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4sHHHHIIH")
_NEEDED = 45
_MADE_BY = 3 << 8 | _NEEDED
_DATE = 1 << 5 | 1
_REGULAR_FILE = 0o100644 << 16
_FULL = 0xFFFFFFFF
_BLOCK = 1 << 20
#: A longer line is no line of ours.
_MAX_LINE = 1 << 16


class InvalidArchive(ValueError):  # noqa: N818 - the name says it
    """The bundle's container cannot be read; ``name`` is the file at fault, or None."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the bundle; ``offset`` is where its local header starts."""

    name: str
    crc32: int
    size: int
    offset: int

    @property
    def start(self) -> int:
        """Where the content starts."""
        return self.offset + _LOCAL.size + len(self.name) + _LOCAL_EXTRA.size

    @property
    def end(self) -> int:
        """Where the content ends."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the container that is not as it must be; ``name`` None: no single file."""

    name: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Archive:
    """The entries of a bundle, and whatever is wrong with the container around them."""

    entries: dict[str, Entry]
    faults: tuple[Fault, ...]


def local_header(*, entry: Entry) -> bytes:
    """Return the header that stands before an entry's content."""
    name = entry.name.encode("ascii")
    return (
        _LOCAL.pack(
            b"PK\x03\x04", _NEEDED, 0, 0, 0, _DATE, entry.crc32, _FULL, _FULL, len(name),
            _LOCAL_EXTRA.size,
        )
        + name
        + _LOCAL_EXTRA.pack(1, 16, entry.size, entry.size)
    )  # fmt: skip


def _central_header(entry: Entry) -> bytes:
    name = entry.name.encode("ascii")
    size, offset, extra = entry.size, entry.offset, b""
    if size >= _FULL or offset >= _FULL:
        extra = _CENTRAL_EXTRA.pack(1, 24, size, size, offset)
        size = offset = _FULL
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", _MADE_BY, _NEEDED, 0, 0, 0, _DATE, entry.crc32, size, size, len(name),
            len(extra), 0, 0, 0, _REGULAR_FILE, offset,
        )
        + name
        + extra
    )  # fmt: skip


def _directory_parts(entries: Sequence[Entry]) -> list[tuple[str | None, bytes]]:
    """Return the bytes behind the last content, each part with the file that it speaks of."""
    parts: list[tuple[str | None, bytes]] = [(e.name, _central_header(e)) for e in entries]
    length = sum(len(part) for _, part in parts)
    count, start = len(entries), entries[-1].end
    place = start
    if start >= _FULL:
        end64 = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _MADE_BY, _NEEDED, 0, 0, count, count, length, start
        )
        parts.append((None, end64 + _LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)))
        place = _FULL
    parts.append((None, _END.pack(b"PK\x05\x06", 0, 0, count, count, length, place, 0)))
    return parts


def directory(*, entries: Sequence[Entry]) -> bytes:
    """Return everything that stands behind the last entry's content."""
    return b"".join(part for _, part in _directory_parts(entries))


def scan(*, stream: BinaryIO) -> Archive:
    """Find the entries of a bundle and compare every byte around them with what it must be.

    Raises:
        InvalidArchive: neither the local headers nor the directory describe such a bundle.
    """
    size = stream.seek(0, io.SEEK_END)
    walked, broken = _walk(stream, size)
    entries = walked or _from_directory(stream, size)
    if entries is None:
        raise InvalidArchive("not a bundle of exactly the expected files", name=broken)
    faults: list[Fault] = []
    for entry in entries:
        expected = local_header(entry=entry)
        if _read_at(stream, entry.offset, len(expected)) != expected:
            faults.append(Fault(entry.name, "its header in the archive is not as written"))
    at = entries[-1].end
    for name, expected in _directory_parts(entries):
        if _read_at(stream, at, len(expected)) != expected:
            faults.append(Fault(name, "the archive's directory is not as written"))
        at += len(expected)
    return Archive({entry.name: entry for entry in entries}, tuple(faults))


def _walk(stream: BinaryIO, size: int) -> tuple[list[Entry] | None, str | None]:
    """Follow the local headers; the second value is the first file that was not where it must."""
    entries: list[Entry] = []
    offset = 0
    for name in FILES:
        head = _read_at(stream, offset, _LOCAL.size + len(name) + _LOCAL_EXTRA.size)
        if (
            head[:4] != b"PK\x03\x04"
            or int.from_bytes(head[26:28], "little") != len(name)
            or head[_LOCAL.size : _LOCAL.size + len(name)] != name.encode()
        ):
            if name in OPTIONAL:
                continue
            return None, entries[-1].name if entries else name
        crc32 = int.from_bytes(head[14:18], "little")
        entry = Entry(name, crc32, int.from_bytes(head[-16:-8], "little"), offset)
        if entry.end > size:
            return None, name
        entries.append(entry)
        offset = entry.end
    if offset + len(directory(entries=entries)) != size:
        return None, None
    return entries, None


def _from_directory(stream: BinaryIO, size: int) -> list[Entry] | None:
    """Take sizes from the directory: for a bundle below 4 GiB whose local headers are damaged."""
    tail = _read_at(stream, max(size - _END.size, 0), _END.size)
    if len(tail) != _END.size:
        return None
    fields = _END.unpack(tail)
    count, length, start = fields[4], fields[5], fields[6]
    if start + length + _END.size != size or length > _MAX_LINE:
        return None
    listed = _read_at(stream, start, length)
    entries: list[Entry] = []
    at = offset = 0
    for name in FILES:
        end = at + _CENTRAL.size + len(name)
        found = _CENTRAL.unpack_from(listed, at) if end <= length else (0,) * 17
        if found[10] != len(name) or listed[at + _CENTRAL.size : end] != name.encode():
            if name in OPTIONAL:
                continue
            return None
        entry = Entry(name, found[7], found[9], offset)
        entries.append(entry)
        at, offset = end, entry.end
    return entries if (len(entries), at, offset) == (count, length, start) else None


def _read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    return stream.read(length)


def iter_blocks(*, stream: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield an entry's content in blocks; the stream must not be shared meanwhile."""
    stream.seek(entry.start)
    left = entry.size
    while left > 0:
        block = stream.read(min(left, _BLOCK))
        if not block:
            raise InvalidArchive("the file ends early", name=entry.name)
        left -= len(block)
        yield block


def iter_lines(*, stream: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield an entry's lines without their newline; see ``split_lines``."""
    return split_lines(blocks=iter_blocks(stream=stream, entry=entry), name=entry.name)


def split_lines(*, blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Cut blocks of a file into lines without their newline; memory is one block.

    Raises:
        InvalidArchive: a line of more than 64 KiB, or no newline at the very end.
    """
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _MAX_LINE:
            raise InvalidArchive("a line is longer than 64 KiB", name=name)
        yield from lines
    if rest:
        raise InvalidArchive("the last line has no newline", name=name)


def read_entry(*, stream: BinaryIO, name: str) -> bytes:
    """Return the content of one small file of a bundle (at most 64 MiB).

    Raises:
        InvalidArchive: not a bundle, or a file that has no business to be that large.
    """
    entry = scan(stream=stream).entries[name]
    if entry.size > 1 << 26:
        raise InvalidArchive("the file is too large to be read whole", name=name)
    return b"".join(iter_blocks(stream=stream, entry=entry))
