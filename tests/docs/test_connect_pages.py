"""Each platform has a page for whoever connects it, and the pages say the same kinds of things."""

from __future__ import annotations

import re

import pytest

from adapters.contract import Manifest
from adapters.registry import adapters
from tests.docs.pages import DOCS

PLATFORMS = [
    pytest.param(adapter.manifest, id=name) for name, adapter in sorted(adapters().items())
]
#: Where the page is not called as the platform.
NAMES = {"generic": "any-till"}
#: What each page has, in this order, between sections of its own.
SECTIONS = (
    "Set up",
    "What is earned on what",
    "Refunds",
    "Paying with points",
    "Limits",
    "Trouble",
)


def page_of(manifest: Manifest) -> str:
    name = NAMES.get(manifest.name, manifest.name)
    return (DOCS / "how-to" / f"connect-{name}.md").read_text("utf-8")


@pytest.mark.parametrize("manifest", PLATFORMS)
def test_it_goes_from_set_up_by_what_is_earned_to_trouble(manifest: Manifest) -> None:
    found = re.findall(r"^## (.+)$", page_of(manifest), re.MULTILINE)
    assert {each for each in SECTIONS if not any(one.startswith(each) for one in found)} == set()
    assert re.search(r"^## Set up\n\n1\. ", page_of(manifest), re.MULTILINE), "no steps"


@pytest.mark.parametrize("manifest", PLATFORMS)
def test_it_says_that_what_is_no_goods_earns_only_by_a_rule_that_names_it(
    manifest: Manifest,
) -> None:
    text = " ".join(page_of(manifest).split())
    assert re.search(r"only by a rule (of (your|the) agreement )?that names", text)
    assert "xclude" not in text, "an agreement need not exclude what no rule names"


@pytest.mark.parametrize("manifest", PLATFORMS)
def test_it_names_every_option_and_every_secret(manifest: Manifest) -> None:
    named = {*manifest.options, *manifest.secrets} - {"signing"}
    assert {name for name in named if f"`{name}`" not in page_of(manifest)} == set()
