"""``statement.pdf``: statement.json as pages for people, with itself enclosed byte for byte."""

from partner_sdk.wire.statement import Statement
from settlement.rendering.pdf.catalogue import load_catalogue
from settlement.rendering.pdf.typesetting import typeset
from settlement.rendering.pdf.view import compose_view

__all__ = ["ACCEPTANCE_BOX", "MAX_PAGES", "document_title", "render_pdf"]

#: No statement has more pages, however many counterparties and kinds it names.
MAX_PAGES = 10
#: Where the last page leaves room for the partner's own signature: left, bottom, right and top, in
#: points from the lower left corner.
ACCEPTANCE_BOX = (312, 63, 544, 136)


def document_title(*, statement: Statement, language: str) -> str:
    """Return what the document is called, as the signature repeats it."""
    words = load_catalogue(language=language)
    number = words.text("document.numbered", number=statement.statement_no)
    return f"{words.text('document.title')}, {number}"


def render_pdf(
    *,
    statement: Statement,
    content: bytes,
    root_sha256: str | None = None,
    language: str | None = None,
) -> bytes:
    """Return the unsigned document of a statement, always the same bytes for the same arguments.

    ``content`` are the statement's own bytes, those of statement.json, which are enclosed;
    ``root_sha256`` is the fingerprint (hex) of the root certificate that partners trust. The
    language is the statement's, unless another one is asked for.

    Raises:
        KeyError: there is no such language.
    """
    words = load_catalogue(language=language or statement.language)
    view = compose_view(statement=statement, content=content, root_sha256=root_sha256, words=words)
    return typeset(view=view, attachment=content.decode(), issued_at=statement.issued_at)
