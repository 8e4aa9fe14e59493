"""The PDFs of a night: made of the statement's facts, certified, and counted.

Each process that writes bundles has its own typesetter and signer, made once. Their libraries take
a second to import, so only those who make PDFs import this.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from cryptography.hazmat.primitives.hashes import SHA256

from settlement.config import SettlementConfig
from settlement.rendering import DerivedFacts
from settlement.rendering.pdf import ACCEPTANCE_BOX, document_title, render_pdf
from settlement.signing import StatementSigner, TimestampAuthority
from settlement.signing.pdf import PdfSigner

_log = structlog.get_logger("settlement.pdf")


class PdfPress:
    """Makes a statement's signed PDF, as `settlement.bundles.PdfMaker` asks."""

    def __init__(self, *, signer: StatementSigner, settings: SettlementConfig) -> None:
        self._authority = (
            TimestampAuthority(settings.timestamp_url) if settings.timestamp_url else None
        )
        self._signer = PdfSigner(
            signer=signer,
            authority=self._authority,
            without_timestamp=settings.timestamp_failure == "sign",
        )
        self._root_sha256 = signer.root.fingerprint(SHA256()).hex()
        #: Whether the newest PDF should have a timestamp and has none.
        self.timestamp_missing = False

    def __call__(
        self, *, content: bytes, facts: DerivedFacts, language: str, signed_at: datetime
    ) -> bytes:
        """Return the file, with `content` (statement.json) enclosed; `signed_at` is wall time.

        Raises TimestampUnavailable if there is no timestamp and the settings refuse to do without.
        """
        statement = facts.statement
        signed = self._signer.sign(
            document=render_pdf(
                statement=statement,
                content=content,
                root_sha256=self._root_sha256,
                language=language,
            ),
            signed_at=signed_at,
            reason=document_title(statement=statement, language=language),
            acceptance_box=ACCEPTANCE_BOX,
        )
        self.timestamp_missing = self._authority is not None and not signed.timestamped
        if self.timestamp_missing:
            _log.warning(
                "statement_without_timestamp",
                statement=statement.statement_id,
                party=statement.party.slug,
                date=statement.window.business_date,
            )
        return signed.content
