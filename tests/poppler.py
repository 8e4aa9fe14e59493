"""PDFs as poppler's tools see them: readers that are not ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_poppler = pytest.mark.skipif(
    shutil.which("pdfsig") is None, reason="poppler-utils is not installed"
)


def count_pages(pdf: bytes) -> int:
    """How many pages `pdfinfo` finds."""
    lines = _run(["pdfinfo", "-"], pdf).splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pages:"))


def read_text(pdf: bytes) -> str:
    """The text of all pages, in reading order, with plain blanks."""
    return _run(["pdftotext", "-", "-"], pdf).replace("\u00a0", " ")


def read_attachment(pdf: bytes, folder: Path, name: str) -> bytes:
    """An embedded file, byte for byte."""
    source, target = folder / "document.pdf", folder / name
    source.write_bytes(pdf)
    _run(["pdfdetach", "-savefile", name, "-o", str(target), str(source)], b"")
    return target.read_bytes()


def _run(command: list[str], given: bytes) -> str:
    done = subprocess.run(command, input=given, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


@dataclass(frozen=True)
class FoundSignature:
    """One signed field as `pdfsig` reports it."""

    field: str
    valid: bool
    whole_document: bool
    kind: str


def read_signatures(pdf: bytes, folder: Path) -> list[FoundSignature]:
    """The signed fields, by what `pdfsig` prints: its exit status says nothing of tampering."""
    path = folder / "signed.pdf"
    path.write_bytes(pdf)
    printed = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, timeout=60, check=False
    ).stdout.decode()
    found = []
    for part in printed.split("Signature #")[1:]:
        facts = dict(re.findall(r"- ([^:\n]+): (.*)", part))
        if "Signature Validation" in facts:
            found.append(
                FoundSignature(
                    field=facts["Signature Field Name"],
                    valid=facts["Signature Validation"] == "Signature is Valid.",
                    whole_document="- Total document signed\n" in part,
                    kind=facts["Signature Type"],
                )
            )
    return found
