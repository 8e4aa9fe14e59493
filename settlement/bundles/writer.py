"""Bundles on disk: lines streamed into the archive, signed, and renamed into place whole.

The file grows under ``.NAME.part`` and gets its name only when it is complete, so a bundle under
its final name is always a whole one, whenever the process is killed. The part file is locked by
the process that writes it; one that a kill left behind is taken over by the next writer.
"""

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from partner_sdk.wire import archive, verifier
from partner_sdk.wire.archive import Entry
from partner_sdk.wire.certificates import to_pem
from partner_sdk.wire.lines import SALT_BYTES
from partner_sdk.wire.statement import FileEntry
from settlement.bundles.camt_schema import check_camt
from settlement.bundles.part import COPY_BYTES, open_part, open_spool, sync
from settlement.rendering import (
    DERIVED,
    DerivedFacts,
    LineHeading,
    LineRenderer,
    LineRow,
    LineTotals,
    StatementFacts,
    compose_statement,
)
from settlement.signing import StatementSigner, sign_detached

__all__ = ["BundleWriter", "IssuedBundle", "PdfMaker"]

_CHUNK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class IssuedBundle:
    """A bundle under its final name; hashes are hex, ``net_micros`` signed for the party."""

    path: Path
    size_bytes: int
    statement: bytes
    statement_sha256: str
    merkle_root: str
    line_count: int
    net_micros: int
    signer_serial: str


class _Digest:
    """Length, CRC-32 and SHA-256 of what passed by."""

    __slots__ = ("crc32", "hash", "size")

    def __init__(self) -> None:
        self.size = 0
        self.crc32 = 0
        self.hash = sha256()

    def update(self, content: bytes) -> None:
        self.size += len(content)
        self.crc32 = zlib.crc32(content, self.crc32)
        self.hash.update(content)

    def entry(self, name: str, offset: int) -> Entry:
        return Entry(name, self.crc32, self.size, offset)

    def listed(self, name: str) -> FileEntry:
        return FileEntry(name, self.size, self.hash.hexdigest())


class PdfMaker(Protocol):
    """Makes ``statement.pdf``, signed, with the bytes of the statement embedded as they are."""

    def __call__(
        self, *, content: bytes, facts: DerivedFacts, language: str, signed_at: datetime
    ) -> bytes:
        """Return the file; ``content`` is ``statement.json``, ``facts.statement`` what it says."""


class BundleWriter:
    """Writes one bundle; a context manager that leaves nothing behind unless finished."""

    def __init__(
        self,
        *,
        path: Path,
        heading: LineHeading,
        signer: StatementSigner,
        pseudonym_key: bytes,
        durable: bool = True,
    ) -> None:
        self._path = path
        self._heading = heading
        self._signer = signer
        self._durable = durable
        self._renderer = LineRenderer(heading=heading, pseudonym_key=pseudonym_key)
        self._digests = {name: _Digest() for name in (archive.NDJSON, archive.CSV, archive.SALTS)}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = path.with_name(f".{path.name}.part")
        self._file = open_part(self._part)
        self._csv = open_spool(path.parent)
        self._salts = open_spool(path.parent)
        # Room for the header of the lines; their size and CRC-32 are known at the end.
        self._file.write(archive.local_header(entry=Entry(archive.NDJSON, 0, 0, 0)))
        self._keep(self._csv, archive.CSV, self._renderer.csv_heading())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def totals(self) -> LineTotals:
        """The sums over the lines so far."""
        return self._renderer.totals()

    def add(self, *, rows: Iterable[LineRow]) -> None:
        """Render and write the next lines; call it any number of times."""
        waiting = iter(rows)
        while chunk := list(islice(waiting, _CHUNK_ROWS)):
            salts = os.urandom(SALT_BYTES * len(chunk))
            rendered = self._renderer.render(rows=chunk, salts=salts)
            self._keep(self._file, archive.NDJSON, rendered.ndjson)
            self._keep(self._csv, archive.CSV, rendered.csv)
            self._keep(self._salts, archive.SALTS, rendered.slots)

    def finish(
        self, *, facts: StatementFacts, signed_at: datetime, make_pdf: PdfMaker | None = None
    ) -> IssuedBundle:
        """Sign, complete the archive and give it its name; replaces an older file of that name.

        ``signed_at`` is wall time.

        Raises:
            settlement.rendering.BundleInconsistent: the lines and the netting disagree; nothing
                is left under the final name.
            settlement.bundles.InvalidCamt: the bank statement does not fit its schema; nor then.
        """
        root = self._renderer.merkle_root()
        statement = compose_statement(
            facts=facts,
            heading=self._heading,
            totals=self._renderer.totals(),
            merkle_root=root,
        )
        derived = DerivedFacts(statement, facts.profile, facts.clearing)
        small = {
            archive.ROOT: to_pem(certificates=[self._signer.root]),
            archive.CHAIN: to_pem(certificates=self._signer.chain),
            **self._derive(derived, signed_at),
        }
        digests = self._digests | {name: _digest_of(content) for name, content in small.items()}
        statement = replace(
            statement,
            files=tuple(digest.listed(name) for name, digest in digests.items()),
            beside=(archive.SIGNATURE,) if make_pdf is None else archive.BESIDE,
        )
        content = statement.to_bytes()
        small[archive.STATEMENT] = content
        small[archive.SIGNATURE] = self._sign(content, signed_at)
        if make_pdf is not None:
            small[archive.PDF] = make_pdf(
                content=content,
                facts=replace(derived, statement=statement),
                language=statement.language,
                signed_at=signed_at,
            )
        self._complete(small)
        size = self._publish()
        return IssuedBundle(
            path=self._path,
            size_bytes=size,
            statement=content,
            statement_sha256=sha256(content).hexdigest(),
            merkle_root=root.hex(),
            line_count=statement.lines.count,
            net_micros=statement.net_micros,
            signer_serial=f"{self._signer.chain[0].serial_number:x}",
        )

    def close(self) -> None:
        """Give up what is not finished; harmless after ``finish``."""
        self._csv.close()
        self._salts.close()
        if not self._file.closed:
            # Unlinked before the lock is let go: nobody takes over a name about to vanish.
            self._part.unlink(missing_ok=True)
            self._file.close()

    def _derive(self, facts: DerivedFacts, signed_at: datetime) -> dict[str, bytes]:
        """Make the files that follow from the statement's figures, and the one that verifies."""
        made: dict[str, bytes] = {}
        for each in DERIVED:
            made[each.name] = each.render(facts)
            if each.name == archive.CAMT:
                check_camt(content=made[each.name])
            if each.signature is not None:
                made[each.signature] = self._sign(made[each.name], signed_at)
        made[archive.VERIFIER] = verifier.SOURCE
        return made

    def _sign(self, content: bytes, signed_at: datetime) -> bytes:
        return sign_detached(signer=self._signer, content=content, signed_at=signed_at)

    def _keep(self, stream: IO[bytes], name: str, content: bytes) -> None:
        self._digests[name].update(content)
        stream.write(content)

    def _complete(self, small: dict[str, bytes]) -> None:
        """Write everything behind the lines, then the lines' own header."""
        lines = self._digests[archive.NDJSON].entry(archive.NDJSON, 0)
        entries = [lines]
        for name, spool in ((archive.CSV, self._csv), (archive.SALTS, self._salts)):
            entry = self._digests[name].entry(name, entries[-1].end)
            entries.append(entry)
            self._file.write(archive.local_header(entry=entry))
            spool.seek(0)
            while block := spool.read(COPY_BYTES):
                self._file.write(block)
        for name, content in small.items():
            entry = _digest_of(content).entry(name, entries[-1].end)
            entries.append(entry)
            self._file.write(archive.local_header(entry=entry) + content)
        self._file.write(archive.directory(entries=entries))
        self._file.seek(0)
        self._file.write(archive.local_header(entry=lines))

    def _publish(self) -> int:
        self._file.flush()
        if self._durable:
            os.fsync(self._file.fileno())
        size = os.fstat(self._file.fileno()).st_size
        self._part.replace(self._path)
        if self._durable:
            sync(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        self._file.close()
        return size


def _digest_of(content: bytes) -> _Digest:
    digest = _Digest()
    digest.update(content)
    return digest
