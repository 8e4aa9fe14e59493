"""What a partner's own project sees of the package."""

import subprocess
import sys
from pathlib import Path

import partner_sdk

ROOT = Path(partner_sdk.__file__).parents[1]

CONSUMER = """
from datetime import UTC, datetime

from partner_sdk import CoalitionError, Money, OfflineQueue, PartnerClient, verify_webhook
from partner_sdk.errors import InsufficientPoints
from partner_sdk.testing import HubSimulator
from partner_sdk.wire.sales import MemberRef, Sale, SaleLine


def sell(client: PartnerClient, *, card: str, cents: int) -> int:
    amount = Money(cents * 10_000, "EUR")
    sale = Sale(
        id="A1",
        occurred_at=datetime.now(UTC),
        currency="EUR",
        member=MemberRef(card=card),
        lines=(SaleLine(id="1", category="food", quantity="1", amount=amount),),
    )
    return client.put_sale(sale).points.earned


def pay(client: PartnerClient, *, card: str, points: int) -> str | None:
    try:
        hold = client.hold(MemberRef(card=card), points=points)
        return client.capture(hold.id).id
    except InsufficientPoints as refusal:
        print(refusal.problem.extra["available"])
    except CoalitionError:
        pass
    return None


def receive(raw: bytes, headers: dict[str, str]) -> str:
    return verify_webhook(raw, headers, secret="whsec_AAAA").type


if __name__ == "__main__":
    with HubSimulator() as hub, hub.client() as client, OfflineQueue(":memory:") as queue:
        card = client.enrol().cards[0].number
        assert sell(client, card=card, cents=4000) == 40
        assert pay(client, card=card, points=30) is not None
        assert pay(client, card=card, points=30) is None
        assert queue.send(client).sent == 0
"""


def test_a_partners_typed_program_passes_the_strictest_check_and_runs_and_a_mistyped_one_does_not(
    tmp_path: Path,
) -> None:
    program, mistyped = tmp_path / "till.py", tmp_path / "mistyped.py"
    program.write_text(CONSUMER)
    mistyped.write_text(CONSUMER.replace("points.earned", "points.earnt"))
    environment = {"PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT), "PATH": ""}
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent",
         "--cache-dir", str(tmp_path / "cache"), str(program), str(mistyped)],
        capture_output=True, text=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    found = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert found, checked.stdout + checked.stderr
    assert all(line.startswith("mistyped.py:") for line in found), checked.stdout
    assert 'has no attribute "earnt"' in checked.stdout
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "10\n", "")


def test_the_wire_is_light_and_brings_no_http_client() -> None:
    script = (
        "import sys, partner_sdk, partner_sdk.wire.signing, partner_sdk.wire.problems;"
        "print([m for m in ('requests', 'urllib3', 'sqlite3', 'http_message_signatures')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_package_needs_nothing_but_its_three_dependencies() -> None:
    script = (
        "import sys\n"
        "before = {name.partition('.')[0] for name in sys.modules}\n"
        "allowed = before | {'partner_sdk', 'requests', 'cryptography', 'http_message_signatures',"
        " 'http_sf', 'urllib3', 'idna', 'certifi', 'charset_normalizer', 'cffi',"
        " '_cffi_backend', 'typing_extensions'}\n"
        "import pkgutil, importlib, partner_sdk\n"
        "for found in pkgutil.walk_packages(partner_sdk.__path__, 'partner_sdk.'):\n"
        "    importlib.import_module(found.name)\n"
        "names = {name.partition('.')[0] for name, module in sys.modules.items()\n"
        "         if 'site-packages' in (getattr(module, '__file__', None) or '')}\n"
        "print(sorted(name for name in names - allowed if '__mypyc' not in name))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
