"""The suite: all groups of cases."""

from __future__ import annotations

from adapters.conformance.amounts import AmountCases
from adapters.conformance.base import needs
from adapters.conformance.histories import HistoryCases
from adapters.conformance.messages import MessageCases
from adapters.conformance.orders import OrderCases
from adapters.conformance.questions import QuestionCases
from adapters.conformance.signatures import SignatureCases
from adapters.conformance.spending import SpendingCases
from adapters.contract import Capability

__all__ = ["AdapterSuite", "needs"]


class AdapterSuite(
    SignatureCases,
    MessageCases,
    OrderCases,
    AmountCases,
    HistoryCases,
    SpendingCases,
    QuestionCases,
):
    """Inherit, and set `adapter` and `shop`."""

    def test_what_the_platform_cannot_do_is_said_with_a_reason(self) -> None:
        manifest = self.adapter.manifest
        assert set(Capability) == manifest.capabilities | set(manifest.ignores)
        for capability, reason in manifest.ignores.items():
            assert len(reason.split()) >= 3, f"{capability} is left out without a reason"

    def test_the_manifest_tells_the_engineer_everything(self) -> None:
        manifest = self.adapter.manifest
        for name in ("title", "auth", "signs", "dedupe", "revision", "money", "time", "redeem_by"):
            assert getattr(manifest, name), f"the manifest says nothing of {name}"
        assert manifest.scenarios, "the manifest names no scenario"
        assert manifest.secrets, "the manifest names no secret"
        for scenario in manifest.scenarios:
            shop = self.new_shop()
            sent = self.adapter.sample(
                scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=shop.now
            )
            assert sent, f"there is no sample of {scenario}"
