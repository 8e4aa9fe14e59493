"""Every link from one page to another leads somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.marked import slug
from tests.docs.pages import ROOT, markdown_pages

_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} (?P<text>.+)$", re.MULTILINE)


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """The anchors of a page's headings; one that comes again gets a number."""
    found: set[str] = set()
    for match in _HEADING.finditer(_FENCED.sub("", page.read_text("utf-8"))):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["text"])
        anchor, number = slug(text), 0
        while anchor in found:
            number += 1
            anchor = f"{slug(text)}-{number}"
        found.add(anchor)
    return frozenset(found)


def targets_of(page: Path) -> list[str]:
    """What a page links to, without what stands in code."""
    # A link's text may be code; what is removed is code that holds a link.
    text = _FENCED.sub("", page.read_text("utf-8"))
    return [match["target"] for match in _LINK.finditer(text)]


def fault_of(page: Path, target: str) -> str | None:
    """What is wrong with a link, if anything."""
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = unquote(target).partition("#")
    if name.startswith("/"):
        return "is not relative"
    path = (page.parent / name).resolve() if name else page
    if not path.is_relative_to(ROOT):
        return "leads out of the repository"
    if not path.exists():
        return "leads to nothing"
    if anchor and path.suffix == ".md" and anchor not in anchors_of(path):
        return "leads to no heading of that page"
    return None


@pytest.mark.parametrize("page", markdown_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    faults = [(t, fault) for t in targets_of(page) if (fault := fault_of(page, t)) is not None]
    assert faults == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        names = (unquote(t).partition("#")[0] for t in targets_of(page))
        waiting += [
            (page.parent / name).resolve()
            for name in names
            if name and not re.match(r"[a-z]+:", name)
        ]
    assert [str(p.relative_to(ROOT)) for p in markdown_pages() if p not in reached] == []
