"""The page on writing adapters names what there is, all of it and nothing else."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from adapters.conformance import AdapterSuite
from adapters.conformance.base import cases_of
from adapters.contract import Adapter, Assembler, Capability, Manifest, Order, Outcome, Settings
from adapters.testing.shop import Shop
from tests.docs.pages import DOCS

PAGE = (DOCS / "how-to" / "write-an-adapter.md").read_text("utf-8")


class Kit(AdapterSuite):
    """All of its cases."""


def test_every_case_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 20
    assert named - set(cases_of(Kit)) == set()


@pytest.mark.parametrize("kind", [Manifest, Order, Outcome, Settings])
def test_every_field_is_explained(kind: type) -> None:
    names = {each.name for each in fields(kind)} - {"problem", "facts"}
    assert {name for name in names if name not in PAGE} == set()


def test_every_capability_is_explained() -> None:
    assert {each.name for each in Capability if f"`{each.name}`" not in PAGE} == set()


@pytest.mark.parametrize("protocol", [Adapter, Assembler])
def test_every_method_is_explained(protocol: type) -> None:
    names = {name for name in vars(protocol) if not name.startswith("_")}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_all_that_a_fake_must_or_may_say_is_explained() -> None:
    may = {"unsigned", "signed_bytes", "redelivered", "batch", "forged_batch", "possible"}
    names = Shop.__abstractmethods__ | may | {"order_id", "used_up", "can_identify", "signs_url"}
    assert {name for name in names if f"`{name}" not in PAGE} == set()
