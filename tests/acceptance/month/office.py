"""The offices of a month: the operator's two people, the bank, and what is proven every night."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from coalition.demo.brands import CURRENCY
from coalition.demo.derive import draw
from coalition.ledger.check import run_checks
from partner_sdk.verify import verify_bundle
from partner_sdk.wire import ids
from settlement import hub
from settlement.check import check_books
from settlement.steps.night import Night
from tests.bank_files import Line, camt, mt940
from tests.coalition_world import World
from tests.hub_http import Caller
from tests.integration.settlement.reading import read_lines, read_statement

VERIFIER = Path(__file__).parents[3] / "partner_sdk/wire/verifier/verify.py"
UNKNOWN = "12.34"


def iban_of(number: int) -> str:
    """An IBAN for an account number of our own."""
    account = f"50010517{number:010d}"
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"


CLEARING_IBANS = {CURRENCY: iban_of(900), "RON": iban_of(901)}


@dataclass
class Office:
    """Releases, pays, takes in what the bank booked, and proves."""

    world: World
    night: Night
    ana: Caller
    dan: Caller
    newest: dict[str, Path] = field(default_factory=dict)
    ways: dict[str, int] = field(default_factory=dict)
    sent_back: set[str] = field(default_factory=set)
    bundles: int = 0
    stopped: set[str] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.world.database.transaction() as connection:
            yield connection

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def party(self, slug: str) -> hub.PartyFacts:
        """A party as settlement sees it."""
        with self.world.database.autocommit() as connection:
            parties = hub.read_parties(connection=connection)
        return next(party for party in parties if party.slug == slug)

    # -- releasing -------------------------------------------------------------------------------

    def release(self, day: date) -> dict[str, Any]:
        """Ana proposes, Dan approves the hash; gives what was released."""
        made = self.ana.send("POST", "/v1/releases", {"window": ids.encode_window(day)})
        assert made.status_code == 201, made.json
        path = f"/v1/releases/{made.json['id']}"
        own = self.ana.send("POST", f"{path}/approve", {"sha256": made.json["sha256"]})
        assert own.json["code"] == "release_needs_another_person"
        done = self.dan.send("POST", f"{path}/approve", {"sha256": made.json["sha256"]})
        assert done.json["state"] == "approved", done.json
        document: dict[str, Any] = json.loads(self.dan.send("GET", f"{path}/document").data)
        return document

    # -- the bank --------------------------------------------------------------------------------

    def due(self) -> list[dict[str, Any]]:
        """Everything open, as the operator's finance people see it."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.ana.send("GET", f"/v1/payments?limit=100{cursor}").json
            found.extend(page["items"])
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        return found

    def take_in(self, lines: Sequence[Line], *, on: date, currency: str) -> None:
        """Import a day's bookings twice, by turns as camt.053 and MT940."""
        if not lines:
            return
        account = CLEARING_IBANS[currency]
        if on.day % 2:
            content = camt(lines, iban=account, currency=currency)
        else:
            content = mt940(lines, account=account, currency=currency)
        body = {"name": f"{on}.{currency}", "content": base64.b64encode(content).decode()}
        first = self.ana.send("POST", "/v1/bank-files", body)
        assert first.status_code == 200, first.json
        assert (first.json["again"], first.json["new_entries"]) == (False, len(lines))
        state = self.rows("SELECT * FROM settlement.payment_item ORDER BY item_id")
        again = self.ana.send("POST", "/v1/bank-files", body).json
        assert (again["again"], again["new_entries"], again["matched"]) == (True, 0, 0)
        assert self.rows("SELECT * FROM settlement.payment_item ORDER BY item_id") == state

    def bank_day(self, on: date, *, all_at_once: bool = False) -> None:
        """What the bank books on a date, in each currency; a person looks at what is unclear."""
        due = self.due()
        for currency in sorted(CLEARING_IBANS):
            lines = [
                line
                for item in due
                if item["open"]["currency"] == currency
                for line in self._pays(item, on, all_at_once=all_at_once)
            ]
            if currency == CURRENCY and on.day % 7 == 0:
                lines.append(Line(UNKNOWN, on, text="nobody knows", bank_reference=f"X{on}"))
            self.take_in(lines, on=on, currency=currency)
        self._look_at_unmatched(on)

    def _pays(self, item: dict[str, Any], on: date, *, all_at_once: bool) -> Iterator[Line]:
        """How a party pays this item, each in another way by turns; nothing on other days."""
        if item["party"] in self.stopped and item["direction"] == "collect":
            return
        reference, amount = item["reference"], Decimal(item["open"]["amount"])
        way = self.ways.setdefault(reference, len(self.ways) % 8)
        number = draw("month-bank", reference, on, below=10**9)
        name = f"B{number}"
        if item["direction"] == "pay":
            self._count("paid out")
            yield Line(f"-{amount}", on, reference, name)
            if way == 0 and not all_at_once and reference not in self.sent_back:
                self.sent_back.add(reference)
                self._count("sent back")
                yield Line(str(amount), on, reference, f"{name}R", text="account closed")
        elif all_at_once or way >= 5 or item["state"] == "partial":
            self._count("in full")
            yield Line(str(amount), on, reference, name)
        elif way == 1 and amount > Decimal("0.01"):
            self._count("partial")
            part = (amount / 2).quantize(Decimal("0.01"))
            yield Line(str(part), on, reference, name)
        elif way == 2:
            self._count("over")
            yield Line(str(amount + 1), on, reference, name)
        elif way == 3:
            if on > date.fromisoformat(item["due_date"]) + timedelta(days=3):
                self._count("late")
                yield Line(str(amount), on, text=f"for {reference}", bank_reference=name)
        elif way == 4:
            self._count("without a reference")
            payer = self.party(item["party"]).no
            yield Line(str(amount), on, bank_reference=name, iban=iban_of(payer))
        elif on > date.fromisoformat(item["due_date"]):
            yield Line(str(amount), on, reference, name)

    def _count(self, what: str) -> None:
        self.seen[what] = self.seen.get(what, 0) + 1

    def _look_at_unmatched(self, on: date) -> None:
        """Money of a partner goes on its account; what nobody knows is set aside, or waits."""
        for entry in self.ana.send("GET", "/v1/bank-entries?limit=100").json["items"]:
            path = f"/v1/bank-entries/{entry['id']}/match"
            slug = next(
                (
                    party.slug
                    for party in self.world.snapshot().parties.values()
                    if iban_of(party.no) == entry["counterparty_iban"]
                ),
                None,
            )
            if slug is not None:
                self._count("by a person")
                done = self.dan.send("POST", path, {"party": slug, "reason": "its account"})
            elif on.day % 14 == 0:
                self._count("set aside")
                done = self.dan.send("POST", path, {"reason": "nobody knows whose it is"})
            else:
                self._count("unknown")
                continue
            assert done.status_code == 200, done.json

    # -- proofs ----------------------------------------------------------------------------------

    def prove(self, day: date) -> None:
        """Everything that must hold after a night, of books and of files."""
        with self.world.engine.connect() as connection:
            broken = [f for f in run_checks(connection=connection) if f.broken]
        assert broken == [], (day, broken)
        found = [f for f in check_books(night=self.night) if f.broken]
        assert found == [], (day, found)
        self._prove_zero_sum(day)
        root = self.night.root_path.read_bytes()
        for path in sorted((self.night.statements_folder / day.isoformat()).glob("*.zip")):
            before = self.newest.get(path.stem)
            verified = verify_bundle(bundle=path, root=root, previous=before)
            assert verified.ok, (path, verified.findings)
            self._prove_identity(path, before)
            self.bundles += 1
            if self.bundles % 25 == 0 and before is not None:
                self._verify_alone(path, before)
            self.newest[path.stem] = path

    def _prove_identity(self, path: Path, before: Path | None) -> None:
        statement = read_statement(path)
        opening, closing = Decimal(statement["opening"]), Decimal(statement["closing"])
        total = sum(
            (
                Decimal(line["settlement_net"] or line["net"])
                for line in read_lines(path)
                if line["net"]
            ),
            Decimal(0),
        )
        assert opening + total == closing, (path, opening, total, closing)
        carried = Decimal(read_statement(before)["closing"]) if before else Decimal(0)
        assert opening == carried, path

    def _verify_alone(self, path: Path, before: Path) -> None:
        """The verifier of one file, which knows nothing of the SDK."""
        answer = subprocess.run(
            [
                sys.executable, str(VERIFIER), str(path),
                "--root", str(self.night.root_path), "--previous", str(before),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def _prove_zero_sum(self, day: date) -> None:
        sums = self.rows(
            "SELECT currency, sum(rounded_micros) FROM settlement.position"
            " WHERE business_date = :day GROUP BY 1",
            day=day,
        )
        assert [each for each in sums if each[1]] == [], (day, sums)

    def prove_money(self) -> None:
        """What every account stands at is what is open, on account, and not released yet."""
        assert (
            self.rows(
                """
SELECT s.party_no, s.currency, s.closing + COALESCE(since.micros, 0) AS account,
       COALESCE(i.open, 0) + COALESCE(r.rest, 0) AS explained
  FROM (SELECT DISTINCT ON (party_no, currency) party_no, currency, business_date,
               closing_micros AS closing
          FROM settlement.statement ORDER BY party_no, currency, no DESC) s
  LEFT JOIN LATERAL (SELECT sum(CASE WHEN creditor = s.party_no THEN amount_micros
                                     ELSE -amount_micros END) AS micros
          FROM settlement.entry WHERE kind = 'payment' AND currency = s.currency
           AND s.party_no IN (debtor, creditor) AND window_date > s.business_date) since ON true
  LEFT JOIN (SELECT party_no, currency, sum((amount_micros - paid_micros)
                    * CASE direction WHEN 'pay' THEN 1 ELSE -1 END) AS open
               FROM settlement.payment_item GROUP BY 1, 2) i USING (party_no, currency)
  LEFT JOIN (SELECT party_no, currency, sum(CASE WHEN credit THEN rest_micros
                    ELSE -rest_micros END) AS rest
               FROM settlement.bank_entry WHERE party_no IS NOT NULL GROUP BY 1, 2) r
            USING (party_no, currency)
 WHERE s.closing + COALESCE(since.micros, 0) <> COALESCE(i.open, 0) + COALESCE(r.rest, 0)"""
            )
            == []
        )
