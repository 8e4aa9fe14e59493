"""An experiment that is measured anew leaves the others as they were."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.bench.document import DOCUMENT, document, document_of_kept
from tests.bench.kept import Measured, keep, read
from tests.bench.results import Figure, Row
from tests.bench.scale import FULL
from tests.bench.turns import Ratio


def measured(experiment: str, median: float) -> Measured:
    row = Row("earn", "raw insert", Ratio(median, 0.1, 0.9), at_least=0.2, unit=" MB")
    figure = Figure("earn", "900/s")
    stolen = [0.0, 0.02, 0.3]
    return Measured(experiment, date(2026, 3, 1), "2 processors", 4.5, [row], [figure], stolen)


def test_what_was_measured_is_read_as_it_was(tmp_path: Path) -> None:
    keep(measured("postings", 0.5), folder=tmp_path)
    assert read("postings", folder=tmp_path) == measured("postings", 0.5)
    assert read("growth", folder=tmp_path) is None


def test_what_is_measured_again_takes_its_own_place(tmp_path: Path) -> None:
    for experiment in ("postings", "growth"):
        keep(measured(experiment, 0.25), folder=tmp_path)
    keep(measured("growth", 0.125), folder=tmp_path)
    found = [read(name, folder=tmp_path) for name in ("postings", "growth")]
    assert [each.rows[0].ratio.median for each in found if each] == [0.25, 0.125]


def test_the_document_tells_each_ratio_its_bar_and_its_day() -> None:
    text = document(
        measured=[measured("postings", 0.125)], missing=["growth"], notes="Notes.", scale=FULL
    )
    assert "| earn | raw insert | ≥ 0.2 MB | **0.12 MB** | 0.10 – 0.90 | **no** |" in text
    assert "| `postings` | 2026-03-01 | 4 min | 2% | 30% |\n| `growth` | not yet | |" in text


def test_the_page_of_benchmarks_is_what_was_measured() -> None:
    assert DOCUMENT.read_text() == document_of_kept(), "python -m tests.bench.document"
