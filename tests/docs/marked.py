"""Generated parts of pages: what stands between two marks, the rest is written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PART = re.compile(
    r"(?P<open><!-- generated: (?P<name>[\w-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL
)


def part_names(page: str) -> list[str]:
    """The names of a page's generated parts, in order."""
    return [match["name"] for match in _PART.finditer(page)]


def with_part(*, page: str, name: str, content: str) -> str:
    """The page with one part as `content`. Raises ValueError where the page has no such part."""
    if part_names(page).count(name) != 1:
        raise ValueError(f"the page must have exactly one part {name}")

    def replace(match: re.Match[str]) -> str:
        if match["name"] != name:
            return match[0]
        return f"{match['open']}\n{content.strip()}\n\n{match['close']}"

    return _PART.sub(replace, page)


def table(*, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [_row(heading), _row(["---"] * len(heading)), *map(_row, rows)]
    return "\n".join(lines)


def slug(heading: str) -> str:
    """The anchor that a heading gets where Markdown is shown."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
