"""The code of the how-to pages does what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from adapters.contract import Facts, Headers, Request, Secrets, Settings, Verified
from adapters.generic import ADAPTER as GENERIC
from adapters.testing.generic import GenericShop
from partner_sdk.keys import write_new_private_key
from partner_sdk.orderfile import check_order_file
from partner_sdk.testing import HubSimulator
from tests.docs.pages import DOCS
from tests.docs.walkthrough import blocks_of


def test_the_till_of_the_how_to_works_as_written(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "integrate-a-till.md").read_text("utf-8")
    code = "".join(each.content for each in blocks_of(page) if each.language == "python")
    (tmp_path / "till.py").write_text(code, "utf-8")
    key = write_new_private_key(tmp_path / "till.pem")
    with HubSimulator() as hub:
        hub.register_key("key_till", key.public_key())
        done = subprocess.run(
            [sys.executable, "-W", "error", "till.py"],
            cwd=tmp_path,
            env={
                "COALITION_URL": hub.url,
                "COALITION_KEY_ID": "key_till",
                "COALITION_PRIVATE_KEY": "till.pem",
                "PYTHONPATH": str(DOCS.parent),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "earned 40",
        "change -9",
        "she can pay up to 0.31",
        "paid 0.20",
        "sent 1 set aside 0",
    ]


def test_points_pay_at_a_checkout_as_written(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "pay-with-points-at-a-checkout.md").read_text("utf-8")
    code = "".join(each.content for each in blocks_of(page) if each.language == "python")
    key = write_new_private_key(tmp_path / "shop.pem")
    with HubSimulator() as hub, hub.client() as arranging:
        hub.register_key("key_shop", key.public_key())
        hub.grant(arranging.enrol(reference="1001").id, 500)
        printed = run_page(
            code,
            tmp_path,
            COALITION_URL=hub.url,
            COALITION_KEY_ID="key_shop",
            COALITION_PRIVATE_KEY="shop.pem",
            CONNECTION=hub.add_connection(),
        )
    assert printed.splitlines() == ["made 3.50 True"]


def run_page(blocks: str, folder: Path, **environment: str) -> str:
    """Run the code of a page in a new process; what it prints."""
    (folder / "page.py").write_text(blocks, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_till_that_states_its_own_orders_works_as_written(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "connect-any-till.md").read_text("utf-8")
    blocks = blocks_of(page)
    code = "".join(each.content for each in blocks if each.language == "python")
    (tmp_path / "outbox").mkdir()
    received: list[Request] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(Request("POST", self.path, Headers(self.headers.items()), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hooks/con_1"
        printed = run_page(code, tmp_path, SECRET=GenericShop.signing[0], HOOK=url)
        server.shutdown()
    made = tmp_path / "outbox" / "orders-store-7-000012.csv"
    assert printed.splitlines() == ["200", "outbox/orders-store-7-000012.csv"]
    (request,) = received
    secrets, now = Secrets(GenericShop.signing[:1]), datetime.now(UTC)
    assert isinstance(GENERIC.verify(request=request, secrets=secrets, now=now), Verified)
    facts = GENERIC.parse(request=request, settings=Settings("EUR", "Europe/Kyiv"))
    assert isinstance(facts, Facts)
    with made.open("rb") as lines:
        filed = list(GENERIC.read_file(lines=lines, settings=Settings("EUR", "Europe/Kyiv")))
    assert [replace(each.order, store=None) for each in filed] == list(facts.orders)


def test_a_shell_can_end_a_file_as_written(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "connect-any-till.md").read_text("utf-8")
    (shell,) = (b.content for b in blocks_of(page) if b.language == "sh" and "printf" in b.content)
    day = tmp_path / "day.csv"
    day.write_text(
        "file,coalition.orders/1,store-7,1,2026-05-04T22:05:00Z,2026-05-04,2026-05-04\n"
        "order,A-1,1,paid,2026-05-04T09:30:00Z,EUR,,,,,,,\n"
        "line,A-1,1,bread,2,3.50\n"
    )
    counts = {"ROWS": "2", "ORDERS": "1", "LINES": "3.50", "TENDERS": "0", "REFUNDS": "0"}
    subprocess.run(
        ["sh", "-ec", shell], cwd=tmp_path, env={**os.environ, **counts}, check=True, timeout=30
    )
    check = check_order_file(day)
    assert (check.ok, check.orders, check.faults) == (True, 1, ())
