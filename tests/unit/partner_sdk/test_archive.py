"""The container: one canonical form, small and beyond four gigabytes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO, cast

import pytest

from partner_sdk.wire import archive
from partner_sdk.wire.archive import FILES, OPTIONAL, Entry, InvalidArchive


def _pack(contents: dict[str, bytes]) -> bytes:
    entries: list[Entry] = []
    packed = b""
    for name, content in contents.items():
        entry = Entry(name, zlib.crc32(content), len(content), len(packed))
        packed += archive.local_header(entry=entry) + content
        entries.append(entry)
    return packed + archive.directory(entries=entries)


_CONTENTS = {name: f"content of {name}\n".encode() for name in FILES}


class _Sparse(io.RawIOBase):
    """A file of many gigabytes of which only the headers are really there."""

    def __init__(self, parts: dict[int, bytes], size: int) -> None:
        self._parts, self._size, self._at = parts, size, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (self._size if whence == io.SEEK_END else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        content = bytearray(max(end - self._at, 0))
        for start, part in self._parts.items():
            low, high = max(start, self._at), min(start + len(part), end)
            if low < high:
                content[low - self._at : high - self._at] = part[low - start : high - start]
        self._at = end
        return bytes(content)

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True


def test_what_is_written_is_read_and_is_a_zip() -> None:
    packed = _pack(_CONTENTS)
    stream = io.BytesIO(packed)
    found = archive.scan(stream=stream)
    assert found.faults == ()
    for name, content in _CONTENTS.items():
        assert archive.read_entry(stream=stream, name=name) == content
    with zipfile.ZipFile(stream) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == _CONTENTS


def test_a_bundle_beyond_four_gigabytes_is_described_and_read_by_zip_readers() -> None:
    sizes = dict.fromkeys(FILES, 100) | {"lines.ndjson": 5 << 30, "lines.csv": (4 << 30) - 2}
    entries: list[Entry] = []
    parts: dict[int, bytes] = {}
    for name in FILES:
        offset = entries[-1].end if entries else 0
        entries.append(Entry(name, 0, sizes[name], offset))
        parts[offset] = archive.local_header(entry=entries[-1])
    parts[entries[-1].end] = archive.directory(entries=entries)
    size = entries[-1].end + len(parts[entries[-1].end])
    stream = cast("BinaryIO", _Sparse(parts, size))
    found = archive.scan(stream=stream)
    assert found.faults == ()
    assert list(found.entries.values()) == entries
    with zipfile.ZipFile(stream) as opened:
        listed = {info.filename: (info.file_size, info.header_offset) for info in opened.infolist()}
    assert listed == {entry.name: (entry.size, entry.offset) for entry in entries}


@pytest.mark.parametrize("absent", [*([name] for name in sorted(OPTIONAL)), OPTIONAL])
def test_a_file_that_a_container_can_do_without_may_be_absent(absent: Iterable[str]) -> None:
    contents = {name: content for name, content in _CONTENTS.items() if name not in absent}
    found = archive.scan(stream=io.BytesIO(_pack(contents)))
    assert found.faults == ()
    assert list(found.entries) == list(contents)


@pytest.mark.parametrize("absent", [name for name in FILES if name not in OPTIONAL])
def test_a_container_without_one_of_the_other_files_is_refused(absent: str) -> None:
    contents = {name: content for name, content in _CONTENTS.items() if name != absent}
    with pytest.raises(InvalidArchive):
        archive.scan(stream=io.BytesIO(_pack(contents)))


@pytest.mark.parametrize("absent", [frozenset(), OPTIONAL])
def test_damage_to_a_header_is_told_with_the_files_name(absent: frozenset[str]) -> None:
    packed = _pack({n: content for n, content in _CONTENTS.items() if n not in absent})
    entries = archive.scan(stream=io.BytesIO(packed)).entries
    for name, entry in entries.items():
        for at in range(entry.offset, entry.start):
            damaged = packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
            found = archive.scan(stream=io.BytesIO(damaged))
            assert name in {fault.name for fault in found.faults}


def test_something_else_is_not_a_bundle() -> None:
    for content in (b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), bytes(5000)):
        with pytest.raises(InvalidArchive):
            archive.scan(stream=io.BytesIO(content))


def test_lines_are_cut_across_blocks_and_must_end_in_a_newline() -> None:
    assert list(archive.split_lines(blocks=[b"a\nb", b"c\n", b"\nd", b"\n"], name="x")) == [
        b"a",
        b"bc",
        b"",
        b"d",
    ]
    with pytest.raises(InvalidArchive, match="newline"):
        list(archive.split_lines(blocks=[b"a\nb"], name="x"))
    with pytest.raises(InvalidArchive, match="64 KiB"):
        list(archive.split_lines(blocks=[b"a" * 70_000], name="x"))
