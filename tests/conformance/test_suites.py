"""No adapter without a suite, no suite that replaces or skips a case."""

from __future__ import annotations

import ast
import importlib
import inspect
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from adapters.conformance import AdapterSuite
from adapters.conformance.base import cases_of, lacking
from adapters.conformance.points import NOT_EARNING
from adapters.conformance.run import run_kit
from adapters.contract import Capability
from adapters.registry import GROUP, adapter_named, adapters
from adapters.testing.finding import fake_of
from coalition.agreements.terms import APART
from tests.conformance import test_stripe
from tests.conformance.test_stripe import TestStripe as StripeSuite

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def suites() -> Iterator[type[AdapterSuite]]:
    """Every suite of this folder's modules."""
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.{path.stem}")
        for value in vars(module).values():
            ours = inspect.isclass(value) and value.__module__ == module.__name__
            if ours and issubclass(value, AdapterSuite):
                yield value


def registered() -> set[str]:
    """Every adapter that is installed or that this project names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return set(adapters()) | set(project["entry-points"][GROUP])


def test_every_registered_adapter_has_a_suite_that_is_run() -> None:
    tested = {suite.adapter.manifest.name for suite in suites() if suite.__name__[:4] == "Test"}
    assert registered() - tested == set()


def test_the_entry_points_lead_to_adapters_of_their_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, place in project["entry-points"][GROUP].items():
        module, _, attribute = place.partition(":")
        adapter = getattr(importlib.import_module(module), attribute)
        assert adapter.manifest.name == name


def test_a_case_that_does_not_apply_is_not_collected_and_all_others_are() -> None:
    for suite in suites():
        manifest = suite.adapter.manifest
        for name, case in cases_of(suite).items():
            wanted = not lacking(case, manifest.capabilities)
            assert callable(getattr(suite, name)) == wanted, (suite.__name__, name)


@pytest.mark.parametrize(
    ("case", "lacks"),
    [("partial_refunds", ["refund_by_amount", "refund_by_line"]), ("chargeback", ["chargeback"])],
)
def test_without_a_test_runner_such_a_case_tells_what_the_platform_lacks(
    case: str, lacks: list[str]
) -> None:
    poster = adapter_named("poster")
    (result,) = run_kit(adapter=poster, shop=fake_of("poster"), matching=case)
    assert result.state == "not_for_it", result.detail
    assert [reason.partition(":")[0] for reason in result.detail.split("; ")] == lacks


def test_a_suite_cannot_replace_a_case_of_the_kit() -> None:
    with pytest.raises(TypeError, match="test_what_is_paid_earns"):
        type(
            "Cheating",
            (AdapterSuite,),
            {
                "adapter": StripeSuite.adapter,
                "shop": StripeSuite.shop,
                "test_what_is_paid_earns": lambda self: None,
            },
        )


def test_the_kit_never_skips() -> None:
    for path in (ROOT / "adapters" / "conformance").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("skip", "skipif", "xfail", "importorskip"), path.name


def test_what_the_kit_takes_for_no_goods_is_what_an_agreement_does() -> None:
    assert NOT_EARNING == APART


@pytest.mark.prove
@pytest.mark.parametrize("suite", list(suites()), ids=lambda suite: suite.__name__)
def test_five_hundred_histories_end_in_the_points_of_the_last_state(
    suite: type[AdapterSuite],
) -> None:
    proof = suite()
    for number in range(500):
        proof.history(Random(number))


def test_a_manifest_that_is_silent_about_a_capability_is_refused() -> None:
    manifest = test_stripe.ADAPTER.manifest
    with pytest.raises(ValueError, match="cancel"):
        replace(
            manifest,
            ignores={c: r for c, r in manifest.ignores.items() if c is not Capability.CANCEL},
        )
    with pytest.raises(ValueError, match="earn"):
        replace(manifest, ignores={**manifest.ignores, Capability.EARN: "not wanted at all"})
