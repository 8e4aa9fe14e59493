"""Where the documents are, and which of them there are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def markdown_pages() -> list[Path]:
    """Every Markdown page of the repository that readers are led to."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
