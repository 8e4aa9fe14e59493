"""What a partner writes for the hub's folder, by class and by command."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from partner_sdk import OrderFile
from partner_sdk.cli import main
from partner_sdk.orderfile import InvalidOrderFile, check_order_file
from tests.unit.partner_sdk.orders.examples import document, order

DAY = date(2026, 5, 4)


def new_file(folder: Path, **changes: Any) -> OrderFile:
    about = {"store": "7", "sequence": 12, "first_date": DAY, "last_date": DAY} | changes
    return OrderFile(folder, **about)


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    with new_file(tmp_path) as file:
        file.add(order())
        file.add(document() | {"id": "A-2"})
        assert not list(tmp_path.glob("*.csv"))
    assert file.path == tmp_path / "orders-7-000012.csv"
    assert list(tmp_path.iterdir()) == [file.path]
    check = check_order_file(file.path)
    assert (check.ok, check.orders) == (True, 2)
    assert check.header is not None
    assert (check.header.sequence, check.header.first_date) == (12, DAY)


def test_a_file_that_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with new_file(tmp_path) as file:
            file.add(order())
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_written_over(tmp_path: Path) -> None:
    with new_file(tmp_path):
        pass
    with pytest.raises(FileExistsError), new_file(tmp_path):
        pass


def test_what_cannot_stand_in_a_file_is_refused_at_once(tmp_path: Path) -> None:
    with new_file(tmp_path) as file:
        file.add(order())
        with pytest.raises(InvalidOrderFile, match="once"):
            file.add(order())
        with pytest.raises(InvalidOrderFile, match=r"lines\[0\].amount"):
            file.add(document() | {"id": "B", "lines": [document()["lines"][0] | {"amount": 3}]})
    assert check_order_file(file.path).orders == 1
    with pytest.raises(InvalidOrderFile, match="sequence"):
        new_file(tmp_path, sequence=0)
    with pytest.raises(InvalidOrderFile, match="last_date"):
        new_file(tmp_path, last_date=date(2026, 5, 3))
    with pytest.raises(InvalidOrderFile, match="store"):
        new_file(tmp_path, store="../7")


def test_the_same_orders_at_the_same_time_make_the_same_bytes(tmp_path: Path) -> None:
    at = datetime(2026, 5, 4, 22, tzinfo=UTC)
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with new_file(tmp_path / name, created_at=at) as file:
            file.add(order())
        written.append(file.path.read_bytes())
    assert written[0] == written[1]


def write(folder: Path, source: Path) -> int:
    return main(
        [
            "orders", "write", str(source), "--store", "7", "--sequence", "1",
            "--from", "2026-05-04", "--folder", str(folder),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_rows_and_documents_become_a_file_by_command(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / f"rows.{form}"
    if form == "csv":
        source.write_text(
            "order,A-1,1,paid,2026-05-04T09:30:00Z,EUR,,,,,2611,,\n"
            "line,A-1,1,bread,2,3.50\n"
            "tender,A-1,cash,3.50,\n"
        )
    else:
        source.write_text(json.dumps(document()) + "\n")
    assert write(tmp_path, source) == 0
    made = tmp_path / "orders-7-000001.csv"
    assert capsys.readouterr().out == f"{made}\n"
    assert main(["orders", "check", str(made)]) == 0
    assert capsys.readouterr().out == f"{made}: good\n  7 1, 1 orders\n"


def test_wrong_rows_are_told_and_make_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text(
        "order,A-1,1,paid,2026-05-04T09:30:00Z,EUR,,,,,,,\nline,A-1,1,bread,2,3.5e1\n"
    )
    assert write(tmp_path, source) == 1
    assert "row 2, amount: must be a plain decimal" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [source]


def test_a_bad_file_is_told_row_by_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with new_file(tmp_path) as file:
        file.add(order())
    content = file.path.read_bytes()
    file.path.write_bytes(content.replace(b"47.50", b"47.51"))
    assert main(["orders", "check", str(file.path)]) == 1
    told = capsys.readouterr()
    assert "row 10, tenders_total: is not what the rows add up to" in told.out
    assert "row 10, sha256" in told.out
    file.path.write_bytes(content[:-40])
    assert main(["orders", "check", str(file.path)]) == 1
    assert "NOT complete" in capsys.readouterr().err
