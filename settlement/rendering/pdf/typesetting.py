"""From a view to PDF/A-3 by typst. Templates and typefaces are part of the program.

The compiler is made once in a process and used again: typst then remembers the templates and the
typefaces. It is given nothing of the machine: no system fonts, no clock, no packages.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import typst

__all__ = ["typeset"]

#: PDF/A-3a: attachments allowed, structure tagged, text as Unicode.
_STANDARD: Final = "a-3a"


@cache
def _compiler() -> typst.Compiler:
    here = resources.files(__package__)
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(here / "fonts")],
    )
    return typst.Compiler(root=str(here / "templates"), font_paths=fonts)


def typeset(*, view: Mapping[str, Any], attachment: str, issued_at: datetime) -> bytes:
    """Return the document; the same arguments always give the same bytes.

    ``attachment`` is the text of statement.json, ``issued_at`` the instant that the document names
    as that of its making.
    """
    made = _compiler().compile(
        input=str(resources.files(__package__) / "templates" / "statement.typ"),
        format="pdf",
        sys_inputs={"view": json.dumps(view, ensure_ascii=False), "statement": attachment},
        pdf_standards=[_STANDARD],
        timestamp=int(issued_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return made
