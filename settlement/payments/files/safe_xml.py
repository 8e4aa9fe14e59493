"""Reading XML of others: no entities, no document types, no network, bounded depth and size."""

from __future__ import annotations

from lxml import etree

from settlement.payments.files.bank import MAX_BYTES, refused

# How `<!DOCTYPE` begins in encodings of one byte and of two.
_DOCTYPES = tuple("<!DOCTYPE".encode(name) for name in ("ascii", "utf-16-le", "utf-16-be"))


def read_xml(content: bytes) -> etree._Element:
    """The root of a document.

    Raises:
        HubError: `bank_file_invalid` for what is no XML, is cut off, or declares a document type.
    """
    if len(content) > MAX_BYTES:
        raise refused(f"it has more than {MAX_BYTES} bytes")
    if any(each in content for each in _DOCTYPES):
        raise refused("it declares a document type, which files of banks never do")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refused(f"it is not well-formed XML ({_brief(error)})") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # just parsed
        raise refused("it declares a document type, which files of banks never do")
    return root


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
