"""A partner's own sales held against the hub's, over real HTTP and the real database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk import cli
from partner_sdk.client import PartnerClient
from partner_sdk.keys import load_private_key
from partner_sdk.offline import OfflineQueue
from partner_sdk.reconcile import InvalidSource, Mapping, SalesBook, read_csv, reconcile
from partner_sdk.wire import ids
from tests.coalition_world import World, refund
from tests.hub_http import HttpHub
from tests.hub_server import serving

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def world(engine: Engine) -> World:
    """One partner."""
    world = World(engine)
    world.partner("grocer")
    world.set_clock(NINE + timedelta(hours=6))
    return world


@pytest.fixture
def client(world: World, config: Config) -> Iterator[PartnerClient]:
    """Grocer's client of a served hub."""
    hub = HttpHub(world, config)
    caller = hub.caller("grocer")
    with (
        serving(hub.app) as url,
        PartnerClient(
            url,
            key_id=ids.encode("key", caller.key_id),
            private_key=load_private_key(caller.private),
        ) as made,
    ):
        yield made


@pytest.fixture
def at_hub(world: World, config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command's environment, pointing at a served hub."""
    hub = HttpHub(world, config)
    caller = hub.caller("grocer")
    with serving(hub.app) as url:
        monkeypatch.setenv("COALITION_URL", url)
        monkeypatch.setenv("COALITION_BEARER", caller.token)
        yield


def body(
    world: World, sale_id: str, amount: str, *, minute: int = 0, **more: Any
) -> dict[str, Any]:
    found = world.sale_body(
        None, ("food", "1", amount), occurred_at=NINE + timedelta(minutes=minute), **more
    )
    return {"id": sale_id, "store": {"id": "12"}, **found}


def sell(world: World, *bodies: dict[str, Any]) -> None:
    for each in bodies:
        world.put("grocer", each["id"], {k: v for k, v in each.items() if k != "id"})


def journal(path: Path, *bodies: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(each) + "\n" for each in bodies), "utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    status = cli.main(["reconcile", *arguments])
    # The hub runs in this process, and may log what it refused.
    lines = capsys.readouterr().out.splitlines(keepends=True)
    return status, "".join(line for line in lines if "[info" not in line)


@pytest.mark.usefixtures("at_hub")
def test_the_same_sales_on_both_sides_are_matched(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = body(world, "G-1", "4.00")
    later = body(world, "G-2", "9.00", minute=130, refunds=[refund("r1", "2.00")])
    sell(world, first, later)
    status, out = run(capsys, "--journal", journal(tmp_path / "till", first, later))
    assert (status, out.splitlines()[0][-9:]) == (0, "2 matched")


@pytest.mark.usefixtures("at_hub")
def test_missing_extra_other_amounts_and_other_times_are_told_apart(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = body(world, "A-same", "1.00")
    sell(world, both)
    sell(world, body(world, "B-amount", "4.00"), body(world, "C-extra", "5.00"))
    sell(world, body(world, "D-time", "6.00", minute=70), body(world, "F-late", "6.00", minute=9))
    sell(world, body(world, "G-refund", "8.00", refunds=[refund("r1", "3.00")]))
    sell(world, body(world, "H-revision", "8.00", revision=2))
    own = [
        both,
        body(world, "B-amount", "4.50"),
        body(world, "D-time", "6.00"),
        body(world, "E-missing", "7.00"),
        body(world, "F-late", "6.00", minute=8),
        body(world, "G-refund", "8.00"),
        body(world, "H-revision", "8.00"),
    ]
    path = journal(tmp_path / "till", *own)
    span = ("--from", "2026-03-02T09:00:00Z", "--to", "2026-03-02T11:00:00Z")
    status, out = run(capsys, "--journal", path, *span, "--format", "json")
    found = json.loads(out)
    assert status == 1
    assert found["matched"] == 1
    assert {(f["kind"], f["sale"]) for f in found["findings"]} == {
        ("amount", "B-amount"),
        ("amount", "G-refund"),
        ("extra", "C-extra"),
        ("time", "D-time"),
        ("time", "F-late"),
        ("missing", "E-missing"),
        ("revision", "H-revision"),
    }
    assert found["differing_hours"] == ["2026-03-02T09Z", "2026-03-02T10Z"]
    status, out = run(capsys, "--journal", path, *span, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    amount = next(row for row in rows if row["sale"] == "B-amount")
    assert (amount["your_amount"], amount["hub_amount"]) == ("4.50", "4.00")
    # Without digests every sale is compared, and the same is found.
    status, out = run(capsys, "--journal", path, *span, "--format", "json", "--no-digests")
    assert {f["sale"] for f in json.loads(out)["findings"]} == {r["sale"] for r in rows}


def test_what_waits_in_the_queue_is_missing_and_says_so(
    world: World, client: PartnerClient, tmp_path: Path
) -> None:
    sell(world, body(world, "G-1", "4.00"))
    waiting = body(world, "G-2", "5.00")
    with OfflineQueue(tmp_path / "queue") as queue:
        queue.put_sale(waiting)
        with SalesBook() as book:
            from partner_sdk.reconcile import read_journal, read_queue

            read_journal(path=journal(tmp_path / "till", body(world, "G-1", "4.00")), book=book)
            read_queue(path=tmp_path / "queue", book=book)
            found = reconcile(client=client, book=book)
        (finding,) = found.findings
        assert (finding.kind, finding.sale, finding.note) == (
            "missing",
            "G-2",
            "waits in the queue",
        )
        assert found.closed_hours == []
        queue.send(client)
        with SalesBook() as book:
            read_journal(
                path=journal(tmp_path / "all", body(world, "G-1", "4.00"), waiting), book=book
            )
            assert reconcile(client=client, book=book).ok


@pytest.mark.usefixtures("at_hub")
def test_a_file_of_any_shape_is_read_by_its_mapping(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sell(world, body(world, "G-1", "4.00"), body(world, "G-2", "9.50", minute=60))
    (tmp_path / "sales.csv").write_text(
        "bon;data;suma;magazin;retur\n"
        "G-1;02.03.2026 11:00;1,50;12;\nG-1;02.03.2026 11:00;2,50;12;0\n"
        "G-2;02.03.2026 12:00;9,50;12;\nG-3;02.03.2026 12:01;1;7;\n",
        "utf-8",
    )
    (tmp_path / "map.json").write_text(
        json.dumps(
            {
                "id": "bon",
                "occurred_at": "data",
                "amount": "suma",
                "store": "magazin",
                "refunded": "retur",
                "currency": "EUR",
                "rows": "lines",
                "delimiter": ";",
                "decimal": ",",
                "time_zone": "Europe/Bucharest",
                "time_format": "%d.%m.%Y %H:%M",
            }
        ),
        "utf-8",
    )
    arguments = ("--csv", str(tmp_path / "sales.csv"), "--mapping", str(tmp_path / "map.json"))
    status, out = run(capsys, *arguments, "--format", "json")
    found = json.loads(out)
    assert (status, found["matched"], found["missing"]) == (1, 2, 1)
    assert found["findings"][0]["sale"] == "G-3"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("G-1,2026-03-02T09:00:00Z,much", "line 2"),
        ("G-1,2026-03-02 09:00,1.00", "name the time_zone"),
        (",2026-03-02T09:00:00Z,1.00", "is empty"),
        ("G-1,yesterday,1.00", "line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(f"id,at,sum\n{row}\n", "utf-8")
    mapping = Mapping(id="id", occurred_at="at", amount="sum", currency="EUR")
    with SalesBook() as book, pytest.raises(InvalidSource, match=said):
        read_csv(path=path, mapping=mapping, book=book)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("id,at\n", "utf-8")
    mapping = Mapping(id="id", occurred_at="at", amount="sum", currency="EUR")
    with SalesBook() as book, pytest.raises(InvalidSource, match="no column sum"):
        read_csv(path=path, mapping=mapping, book=book)


@pytest.mark.usefixtures("at_hub")
def test_wrong_usage_has_its_own_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys)[0] == 2
    assert run(capsys, "--csv", "sales.csv")[0] == 2
