"""A bundle as it is downloaded: the file as issued, and the log's proof behind it.

The proof is not in the file, since it grows: witnesses cosign after the statement is published.
Nothing before it changes, so it is put behind the last entry while the bundle is sent.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

from partner_sdk.wire import archive
from partner_sdk.wire.archive import PROOF, Entry

__all__ = ["with_proof"]

_BLOCK = 1 << 18


def with_proof(*, path: Path, proof: bytes) -> tuple[int, Iterator[bytes]]:
    """Return the size in bytes of a bundle with its proof, and its content in blocks.

    Raises:
        partner_sdk.wire.archive.InvalidArchive: the file is no bundle.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        entries = list(archive.scan(stream=stream).entries.values())
    end = entries[-1].end
    entry = Entry(PROOF, zlib.crc32(proof), len(proof), end)
    tail = archive.local_header(entry=entry) + proof + archive.directory(entries=[*entries, entry])
    return end + len(tail), _blocks(path, end, tail)


def _blocks(path: Path, end: int, tail: bytes) -> Iterator[bytes]:
    with path.open("rb") as stream:
        left = end
        while left:
            block = stream.read(min(left, _BLOCK))
            if not block:
                raise OSError(f"{path} was cut short")
            left -= len(block)
            yield block
    yield tail
