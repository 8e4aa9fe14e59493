"""The demo as a newcomer runs it: real purchases, the real hub, real nights, on an empty folder.

Two business dates in one run, a third in the next: enough for returns, redemptions, continuity of
statements, and going on. The fortnight and the year are `make demo`'s.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

DEMO = "from coalition.cli import main; main()"
PARTNER = "import sys; from partner_sdk.cli import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Ran:
    """What two runs of the demo left behind and printed."""

    folder: Path
    first: str
    second: str

    def bundle(self, day: str, party: str) -> Path:
        return self.folder / "statements" / day / f"{party}.zip"


def run_demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DAYS", "SERVE", "RESET"}
    }
    environment |= {
        "COALITION_DATA": str(folder),
        "COALITION_BIND": f"127.0.0.1:{port}",
        "COLUMNS": "180",
    }
    return subprocess.run(
        [sys.executable, "-c", DEMO, "demo", "--no-serve", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    # Not pytest's own temporary folder: that is closed to the user the database runs as.
    folder = Path(tempfile.mkdtemp(prefix="coalition-demo-")) / "var"
    first = run_demo(folder, "--days", "2", "--reset")
    assert first.returncode == 0, first.stdout + first.stderr
    second = run_demo(folder, "--days", "1")
    assert second.returncode == 0, second.stdout + second.stderr
    yield Ran(folder, first.stdout, second.stdout)
    shutil.rmtree(folder.parent, ignore_errors=True)


def verify(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PARTNER, "verify", str(bundle), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_brand_has_a_bundle_for_each_business_date(ran: Ran) -> None:
    brands = {"grocer", "pharmacy", "fuel", "butcher", "bakery", "florist", "wine", "home"}
    nights = sorted((ran.folder / "statements").iterdir())
    assert [night.name for night in nights] == ["2017-01-01", "2017-01-02", "2017-01-03"]
    for night in nights:
        assert brands <= {bundle.stem for bundle in night.glob("*.zip")}


def test_the_output_has_the_tables_the_proof_and_where_to_go(ran: Ran) -> None:
    for text in (
        "Points issued", "Points spent here", "Compression", "ledger check", "Seconds",
        "root.pem", "/docs", "coalition-partner verify", "Derived by fixed rules",
    ):  # fmt: skip
        assert text in ran.first


def test_points_are_issued_and_spent_and_sales_come_back(ran: Ran) -> None:
    together = next(line for line in ran.second.splitlines() if "Together" in line)
    sales, _, returns, _, issued, _, spent = (
        float(cell.replace(",", "")) for cell in together.split("│")[2:-1]
    )
    assert sales > 700
    assert returns > 0
    assert issued > 10_000
    assert spent > 0


def test_a_second_run_goes_on_where_the_first_one_stopped(ran: Ran) -> None:
    assert "Going on at 2017-01-03" in ran.second


def test_a_partner_verifies_a_bundle_and_its_continuity_offline(ran: Ran) -> None:
    answer = verify(
        ran.bundle("2017-01-03", "bakery"),
        "--root", str(ran.folder / "root.pem"),
        "--previous", str(ran.bundle("2017-01-02", "bakery")),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_changed_line_of_a_real_bundle_is_found(ran: Ran, tmp_path: Path) -> None:
    content = ran.bundle("2017-01-02", "grocer").read_bytes()
    place = content.index(b'"points":') + len(b'"points":')
    changed = tmp_path / "grocer.zip"
    changed.write_bytes(
        content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
    )
    answer = verify(changed, "--root", str(ran.folder / "root.pem"))
    assert answer.returncode != 0
    assert "lines.ndjson" in answer.stdout + answer.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_accepts_the_signature_of_every_bundle(ran: Ran, tmp_path: Path) -> None:
    for bundle in (ran.folder / "statements").glob("*/*.zip"):
        with zipfile.ZipFile(bundle) as archive:
            for name in ("statement.json", "statement.json.p7s"):
                (tmp_path / name).write_bytes(archive.read(name))
        answer = subprocess.run(
            [
                "openssl", "cms", "-verify", "-binary", "-inform", "DER",
                "-in", str(tmp_path / "statement.json.p7s"),
                "-content", str(tmp_path / "statement.json"),
                "-CAfile", str(ran.folder / "root.pem"), "-purpose", "any",
                "-out", os.devnull,
            ],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert answer.returncode == 0, f"{bundle}: {answer.stderr}"


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = os.environ | {
            "COALITION_DATA": str(tmp_path / "var"),
            "COALITION_BIND": f"127.0.0.1:{taken.getsockname()[1]}",
        }
        answer = subprocess.run(
            [sys.executable, "-c", DEMO, "demo", "--no-serve", "--days", "1"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert answer.returncode == 1
    assert "COALITION_BIND" in answer.stderr
    assert "Traceback" not in answer.stderr
