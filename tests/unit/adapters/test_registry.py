"""Adapters are found by entry points, each by itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registry import GROUP, UnknownAdapter, adapter_named


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which a partner's package is installed, with what its entry points say."""
    package = tmp_path / "partners_own-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: partners-own\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    adapter_named.cache_clear()
    yield package / "entry_points.txt"
    adapter_named.cache_clear()
    importlib.invalidate_caches()


def test_an_adapter_that_cannot_be_imported_hurts_no_other(installed: Path) -> None:
    installed.write_text(f"[{GROUP}]\nbroken = partners_own_of_nothing:ADAPTER\n")
    assert adapter_named("shopify").manifest.name == "shopify"
    with pytest.raises(ModuleNotFoundError):
        adapter_named("broken")


def test_an_adapter_that_calls_itself_otherwise_is_told(installed: Path) -> None:
    installed.write_text(f"[{GROUP}]\nmine = adapters.shopify:ADAPTER\n")
    with pytest.raises(ValueError, match="calls itself otherwise"):
        adapter_named("mine")


def test_two_adapters_of_one_name_are_told(installed: Path) -> None:
    installed.write_text(f"[{GROUP}]\nshopify = adapters.shopify:ADAPTER\n")
    with pytest.raises(ValueError, match="two adapters are called shopify"):
        adapter_named("shopify")


def test_an_unknown_name_is_answered_by_those_that_are_installed() -> None:
    with pytest.raises(UnknownAdapter, match=r"installed are: .*shopify"):
        adapter_named("cash-register")
