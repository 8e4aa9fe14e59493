"""`coalition adapter`: a new one in an empty folder passes the kit; a fault in it is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.contract import Capability
from adapters.registry import adapters
from adapters.template import Naming, UnfitName, write_adapter
from adapters.testing.finding import fake_of
from adapters.testing.shop import Shop
from coalition.cli.adapter import app

ROOT = Path(__file__).resolve().parents[3]


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`coalition adapter …`, called in a folder."""
    code = "from coalition.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "adapter", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def checked(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What `check --json` says."""
    done = command(folder, "check", *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new adapter."""
    folder = tmp_path_factory.mktemp("empty")
    done = command(folder, "new", "corner_shop", "--title", "Corner Shop 3")
    assert done.returncode == 0, done.stderr
    return folder / "corner_shop"


def test_a_new_adapter_passes_the_kit_for_all_that_it_declares(written: Path) -> None:
    found = checked(written, "corner_shop", "--histories", "40")
    states = {case["case"]: case["state"] for case in found["cases"]}
    assert found["count"]["passed"] > 50
    assert set(states.values()) == {"passed", "not_for_it"}
    assert states["test_points_pay_by_the_platforms_own_means"] == "passed"
    assert states["test_a_tip_earns_nothing"] == "not_for_it"


def test_its_own_tests_pass_and_hold_the_kit(written: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "points or signed or earns"],
        cwd=written,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.strip().splitlines()[-1].split()[0]) > 10


@pytest.mark.parametrize("tool", [("ruff", "check"), ("ruff", "format", "--check")], ids=" ".join)
def test_it_is_tidy(written: Path, tool: tuple[str, ...]) -> None:
    assert_clean(written, tool[0], *tool[1:], "--no-cache", ".")


def test_its_types_are_right(written: Path, tmp_path: Path) -> None:
    assert_clean(written, "mypy", "corner_shop_checkout", "tests", "--cache-dir", str(tmp_path))


@pytest.mark.parametrize("tool", [("check",), ("format", "--check")], ids=" ".join)
@pytest.mark.parametrize("name", ["bb", "zz_shop_with_a_long_name"])
def test_one_among_our_own_is_tidy_by_our_rules(
    tmp_path: Path, name: str, tool: tuple[str, ...]
) -> None:
    (tmp_path / "adapters" / "contract").mkdir(parents=True)
    done = command(tmp_path, "new", name, "--in-tree")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "adapters" / name / "adapter.py").exists()
    assert (tmp_path / "adapters" / "testing" / f"{name}.py").exists()
    assert (tmp_path / "tests" / "conformance" / f"test_{name}.py").exists()
    assert f"{name} = 'adapters.{name}:ADAPTER'" in done.stdout
    for package in ("adapters", "adapters/testing", "tests", "tests/conformance"):
        (tmp_path / package / "__init__.py").touch()
    # What these few files import stands elsewhere.
    ours = 'lint.isort.known-first-party=["adapters", "partner_sdk"]'
    rules = ("--config", str(ROOT / "pyproject.toml"), "--config", ours)
    assert_clean(tmp_path, "ruff", *tool, *rules, "--no-cache")


def assert_clean(folder: Path, *tool: str) -> None:
    """A tool finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", *tool],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_is_told_by_the_case_that_finds_it(tmp_path: Path) -> None:
    write_adapter(naming=Naming("broken", "Broken"), folder=tmp_path)
    orders = tmp_path / "broken_checkout" / "orders.py"
    text = orders.read_text("utf-8")
    orders.write_text(text.replace('"shipping" if kind == "shipping" else ', ""), "utf-8")
    found = checked(tmp_path, "broken", "--case", "shipping earns", code=1)
    (case,) = found["cases"]
    assert (case["state"], case["detail"]) == ("failed", "19 points instead of 10")
    assert case["words"] == "shipping earns nothing"
    assert "adapters/conformance/orders.py:" in case["place"]
    shown = command(tmp_path, "check", "broken", "--case", "shipping")
    assert shown.returncode == 1
    assert "  FAILED shipping earns nothing\n         19 points instead of 10\n" in shown.stdout
    assert "1 failed" in shown.stdout


def test_an_exception_of_the_adapter_is_told_with_its_place(tmp_path: Path) -> None:
    write_adapter(naming=Naming("broken", "Broken"), folder=tmp_path)
    adapter = tmp_path / "broken_checkout" / "adapter.py"
    text = adapter.read_text("utf-8")
    adapter.write_text(text.replace('said.get("event")', 'said["event"]'), "utf-8")
    found = checked(tmp_path, "broken", "--case", "another kind is malformed", code=1)
    told = {case["detail"] for case in found["cases"] if case["state"] == "failed"}
    assert told == {"KeyError: 'event'"}
    places = [case["place"] for case in found["cases"] if case["state"] == "failed"]
    assert all("broken_checkout/adapter.py:" in place for place in places)


def test_what_cannot_be_checked_is_told_with_exit_code_2(tmp_path: Path) -> None:
    for arguments, told in (
        (("nobody",), "there is no adapter nobody; installed are: "),
        (("shopify", "--case", "dragons"), "no case of the kit is called 'dragons'"),
        (("shopify", "--fake", "json:JSONDecoder"), "there is no shop at json:JSONDecoder"),
    ):
        done = command(tmp_path, "check", *arguments)
        assert done.returncode == 2
        assert told in done.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert command(tmp_path, "new", "my_shop").returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.py")}
    again = command(tmp_path, "new", "my_shop", "--title", "Other")
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.py")} == before


@pytest.mark.parametrize("name", ["", "My", "9lives", "a-b", "a__b", "../a", "a" * 25, "a_"])
def test_a_name_that_python_or_a_folder_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(UnfitName):
        Naming(name, "Title")


@pytest.mark.parametrize("title", ["", 'a"b', "a{b}", "a\\b", "a\nb", "x" * 25])
def test_a_title_that_breaks_the_texts_it_stands_in_is_refused(title: str) -> None:
    with pytest.raises(UnfitName):
        Naming("shop", title)


def test_the_list_names_every_adapter_with_what_it_does_not_do() -> None:
    runner = CliRunner(env={"COLUMNS": "200"})
    rows = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
    assert [row["name"] for row in rows] == list(adapters())
    for row in rows:
        assert set(row["capabilities"]) | set(row["not"]) == set(Capability)
    shown = runner.invoke(app, ["list"]).stdout
    assert all(adapter.manifest.title in shown for adapter in adapters().values())


@pytest.mark.parametrize("name", list(adapters()))
def test_every_installed_adapter_can_be_checked_by_its_name(name: str) -> None:
    assert issubclass(fake_of(name), Shop)
