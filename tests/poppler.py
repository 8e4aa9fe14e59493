"""PDFs as poppler's tools see them: readers that are not ours."""

from __future__ import annotations

import shutil
import subprocess
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
