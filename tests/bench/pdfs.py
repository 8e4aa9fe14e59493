"""The PDFs of a night, apart from it: how long each takes to set and to sign."""

from __future__ import annotations

import time
from datetime import date
from zipfile import ZipFile

from partner_sdk.wire.statement import Statement
from settlement.rendering import DerivedFacts
from settlement.steps.night import Night
from settlement.steps.pdf import PdfPress

_AT_MOST = 100


def measure_pdfs(*, night: Night, day: date) -> list[float]:
    """Milliseconds for each of the date's PDFs, at most a hundred of them, in one process."""
    press = PdfPress(signer=night.keystore.signer(now=night.wall()), settings=night.settings)
    folder = night.statements_folder / day.isoformat()
    took = []
    for path in sorted(folder.glob("*.zip"))[: _AT_MOST + 1]:
        with ZipFile(path) as bundle:
            content = bundle.read("statement.json")
        statement = Statement.from_bytes(content)
        began = time.perf_counter()
        press(
            content=content,
            facts=DerivedFacts(statement),
            language=statement.language,
            signed_at=night.wall(),
        )
        took.append(1000 * (time.perf_counter() - began))
    # The first one also wakes the typesetter.
    return sorted(took[1:] or took)
