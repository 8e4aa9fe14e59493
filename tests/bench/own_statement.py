"""What PostgreSQL alone allows: the statement that an earn writes by, sent by `pgbench`.

The text and the values are those that the hub would send for a sale; only the account, the ids and
the partner's id of the sale change from one to the next. Nothing is parsed, priced or answered.
"""

from __future__ import annotations

import re

import psycopg

from coalition.db.writing import WriteSet
from coalition.ledger.store import composed
from coalition.sales.service.put import plan_quickly, quick_writes
from tests.bench.bed import Bed
from tests.bench.raw import CLIENTS, run_pgbench
from tests.bench.turns import Sample
from tests.bench.work import Desk

_ACCOUNTS = 10_000
_OPEN_ACCOUNTS = f"""
INSERT INTO balance (account_id)
SELECT lpad(n::text, 32, '0')::uuid FROM generate_series(1, {_ACCOUNTS}) n ON CONFLICT DO NOTHING
"""


class OwnStatement:
    """A sale of a partner that has not subscribed, written again and again under other ids."""

    def __init__(self, *, bed: Bed, seconds: float) -> None:
        self._bed = bed
        self._seconds = seconds
        self._turns = 0
        with psycopg.connect(bed.address, autocommit=True) as connection:
            connection.execute(_OPEN_ACCOUNTS)

    def run(self) -> Sample:
        """One turn."""
        self._turns += 1
        script, variables = self._script()
        before = self._sales()
        sample = run_pgbench(
            address=self._bed.address, script=script, seconds=self._seconds, variables=variables
        )
        if self._sales() == before:
            raise RuntimeError("the earn's statement wrote nothing")
        return sample

    def _sales(self) -> int:
        with psycopg.connect(self._bed.address, autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM sale").fetchone()
        return 0 if row is None else int(row[0])

    def _script(self) -> tuple[str, dict[str, str]]:
        """The script, and the values that stay the same as its variables."""
        desk = Desk(bed=self._bed, number=0, pool=1)
        try:
            context = desk.context(self._bed.partners[1])
            put = desk.sale(0, self._bed.members[0], context.now)
            book, answers = plan_quickly(context=context, puts=[put])
            writes = quick_writes(book=book, answers=answers, extra=WriteSet)
            statement, parameters = composed(
                writes=writes, directory_version=context.snapshot.version
            )
            (sale,), (posting,) = book.new.values(), book.postings.values()
        finally:
            desk.engine.dispose()
        ids = {
            self._bed.members[0]: "account",
            sale.sale_id: "sale",
            posting.movements[0].movement_id: "movement",
        }
        changing = {sale.external_id.encode(): ":sale"}
        for value, name in ids.items():
            id_ = f"lpad(:{name}, 32, '0')::uuid"
            changing[str(value).encode()] = id_
            changing[b'{"%b"}' % str(value).encode()] = f"ARRAY[{id_}]"
        variables: dict[str, str] = {}

        def sent(found: re.Match[str]) -> str:
            value = parameters[int(found[1]) - 1]
            if value is None:
                return "NULL"
            if value in changing:
                return f"({changing[value]})"
            variables[f"p{found[1]}"] = value.decode()
            return f":p{found[1]}"

        text = re.sub(r"\$(\d+)", sent, statement)
        # Ids grow, as the hub's do; a turn begins where no earlier one can have come.
        script = (
            f"\\set account random(1, {_ACCOUNTS})\n"
            "\\set count :count + 1\n"
            f"\\set sale {self._turns} * 1000000000000 + :count * {CLIENTS} + :client_id\n"
            "\\set movement :sale + 500000000000\n"
            f"{text};\n"
        )
        return script, {"count": "0"} | variables
