"""A good bundle, copies of it that were changed, and what the two verifiers say of them."""

from __future__ import annotations

import contextlib
import io
import random
import re
import runpy
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from partner_sdk.verify import Finding, Verification, verify_bundle
from partner_sdk.wire import archive, verifier
from partner_sdk.wire.archive import CSV, NDJSON, SALTS, SIGNATURE, STATEMENT, Entry
from partner_sdk.wire.lines import SLOT_BYTES
from partner_sdk.wire.statement import FileEntry, Statement
from settlement.rendering import DerivedFacts
from settlement.rendering.pdf import ACCEPTANCE_BOX, render_pdf
from settlement.signing import KeySigner, TimestampAuthority, sign_detached
from settlement.signing.pdf import PdfSigner
from tests.integration.settlement.bundle_maker import (
    SIGNED_AT,
    Books,
    make_keystore,
    make_rows,
)

VERIFY_PY = Path(verifier.__file__).parent / "verify.py"
_FINDING = re.compile(
    r"(?P<file>[^:]+)(?::(?P<line>[0-9]+))?: (?P<message>.*) \((?P<code>[a-z]+)\)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What verify.py answered."""

    status: int
    output: str
    errors: str

    @property
    def finding(self) -> Finding | None:
        """The first thing that it found wrong."""
        found = _FINDING.fullmatch(self.output.partition("\n")[0])
        if self.status != 1 or found is None:
            return None
        line = None if found["line"] is None else int(found["line"])
        code: Any = found["code"]
        return Finding(found["file"], line, code, found["message"])


def run_alone(*arguments: str | Path) -> Said:
    """Run verify.py, in this process: most of the time of a thousand runs would be starting up."""
    bundle, root, *rest = map(str, arguments)
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = _program()["main"]([bundle, "--root", root, *rest])
    return Said(status, output.getvalue(), errors.getvalue())


@cache
def _program() -> dict[str, Any]:
    return runpy.run_path(str(VERIFY_PY), run_name="verify")


@dataclass
class Specimen:
    """A good bundle, and a place to put changed copies."""

    folder: Path
    good: Path
    root: bytes

    @cached_property
    def content(self) -> bytes:
        return self.good.read_bytes()

    @cached_property
    def entries(self) -> dict[str, Entry]:
        with self.good.open("rb") as stream:
            return archive.scan(stream=stream).entries

    def files(self) -> dict[str, bytes]:
        """The contents by name."""
        return {name: self.content[e.start : e.end] for name, e in self.entries.items()}

    def verify(self, content: bytes) -> Verification:
        """Verify changed bytes."""
        changed = self.folder / "changed.zip"
        changed.write_bytes(content)
        return verify_bundle(bundle=changed, root=self.root)

    def verify_alone(self, content: bytes, *arguments: str) -> Said:
        """Verify changed bytes with verify.py."""
        changed = self.folder / "changed.zip"
        changed.write_bytes(content)
        return run_alone(changed, self.root_path, *arguments)

    @cached_property
    def root_path(self) -> Path:
        path = self.folder / "trusted-root.pem"
        path.write_bytes(self.root)
        return path

    def owner_of(self, at: int) -> tuple[str | None, int | None]:
        """The file and the statement's line that a byte of the bundle belongs to."""
        for name, entry in self.entries.items():
            if entry.start <= at < entry.end:
                return name, self._line_of(name, entry, at)
            if entry.offset <= at < entry.start:
                return name, None
        return None, None

    def _line_of(self, name: str, entry: Entry, at: int) -> int | None:
        line = self.content.count(b"\n", entry.start, at) + 1
        if name == NDJSON:
            return line
        if name == CSV:
            return line - 1 or None
        return (at - entry.start) // SLOT_BYTES + 1 if name == SALTS else None


@dataclass(frozen=True, slots=True)
class Press:
    """Makes the signed PDF of a bundle, with a timestamp where there is an authority."""

    signer: KeySigner
    authority: TimestampAuthority | None = None

    def __call__(
        self, *, content: bytes, facts: DerivedFacts, language: str, signed_at: datetime
    ) -> bytes:
        """Return the file; the arguments are those of `settlement.bundles.PdfMaker`."""
        document = render_pdf(statement=facts.statement, content=content, language=language)
        signer = PdfSigner(signer=self.signer, authority=self.authority)
        return signer.sign(
            document=document, signed_at=signed_at, acceptance_box=ACCEPTANCE_BOX
        ).content


def make_specimen(
    folder: Path, lines: int, *, pdf: bool = False, authority: TimestampAuthority | None = None
) -> Specimen:
    """Write a bundle of so many lines."""
    folder.mkdir(exist_ok=True)
    keystore = make_keystore(folder / "keys")
    signer = keystore.signer(now=SIGNED_AT)
    account = Books(
        folder=folder, signer=signer, make_pdf=Press(signer, authority) if pdf else None
    )
    issued = account.issue(make_rows(lines))
    return Specimen(folder, issued.path, keystore.root_pem())


def pack(files: dict[str, bytes]) -> bytes:
    """Put files into a container without a fault."""
    entries: list[Entry] = []
    packed = b""
    for name, content in files.items():
        entry = Entry(name, zlib.crc32(content), len(content), len(packed))
        entries.append(entry)
        packed += archive.local_header(entry=entry) + content
    return packed + archive.directory(entries=entries)


def flipped(content: bytes, at: int, chance: random.Random) -> bytes:
    """Change one byte."""
    return content[:at] + bytes([content[at] ^ chance.randrange(1, 256)]) + content[at + 1 :]


def with_hashes(files: dict[str, bytes], signer: KeySigner) -> dict[str, bytes]:
    """Have the coalition sign a statement that lists these files as they are."""
    statement = Statement.from_bytes(files[STATEMENT])
    content = replace(
        statement,
        files=tuple(
            FileEntry(f.name, len(files[f.name]), sha256(files[f.name]).hexdigest())
            for f in statement.files
        ),
    ).to_bytes()
    signature = sign_detached(signer=signer, content=content, signed_at=SIGNED_AT)
    return {**files, STATEMENT: content, SIGNATURE: signature}
