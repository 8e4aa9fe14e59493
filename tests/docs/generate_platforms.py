"""The reference of platforms, from the manifests of all adapters that are installed."""

from __future__ import annotations

from adapters.contract import Adapter, Capability, Manifest
from adapters.registry import adapters
from tests.docs.marked import table

#: What each capability means to who sets up a shop.
MEANINGS = {
    Capability.EARN: "what is paid earns",
    Capability.CANCEL: "a cancelled order earns nothing",
    Capability.EDIT: "an edited order earns what it is now",
    Capability.REFUND_BY_LINE: "refunds say which lines came back",
    Capability.REFUND_BY_AMOUNT: "refunds may name an amount only",
    Capability.REFUND_MAY_FAIL: "refunds count when they come through, and no more when reversed",
    Capability.CHARGEBACK: "disputed money takes its points, and gives them again when won",
    Capability.GUEST: "guests' orders are known, and claimed later",
    Capability.GIFT_CARD_TENDER: "what a gift card paid earns nothing",
    Capability.STORE_CREDIT_TENDER: "what store credit paid earns nothing",
    Capability.SHIPPING: "shipping is told apart",
    Capability.TIPS: "tips are told apart",
    Capability.REDEEM: "points pay at this checkout",
    Capability.POLL: "the past is filled in by asking",
    Capability.FETCH: "messages are thin: the hub asks for the rest",
    Capability.SIGNED_TIME: "the time of sending is signed",
    Capability.BATCH: "one message may hold several events",
    Capability.PING: "the platform tests the address",
    Capability.SYNCHRONOUS: "the till waits for the answer",
}


def platform_table() -> str:
    """What each platform can do."""
    manifests = [adapter.manifest for adapter in adapters().values()]
    return table(
        heading=("Capability", *(f"[{m.title}](#{m.name})" for m in manifests)),
        rows=[
            (f"`{capability}`: {MEANINGS[capability]}", *(_mark(m, capability) for m in manifests))
            for capability in Capability
        ],
    )


def platform_sections() -> str:
    """A section for each platform."""
    return "\n\n".join(_section(adapter) for adapter in adapters().values())


def _mark(manifest: Manifest, capability: Capability) -> str:
    return "yes" if capability in manifest.capabilities else ""


def _section(adapter: Adapter) -> str:
    manifest = adapter.manifest
    retries, limits = manifest.retries, manifest.limits
    facts = [
        ("Signature", manifest.auth),
        ("Signed", manifest.signs),
        ("A message's name", manifest.dedupe),
        ("Revision", manifest.revision),
        ("Money", manifest.money),
        ("Time", manifest.time),
        ("Points pay by", manifest.redeem_by),
        (
            "Delivery",
            f"answer within {retries.answer_within_ms} ms; {retries.tries} tries over "
            f"{_span(retries.over_seconds)}"
            + (f"; switched off after {s}" if (s := retries.switches_off_after) else ""),
        ),
        (
            "Calls of the hub",
            f"at most {limits.calls} in {limits.seconds} s"
            + ("; with a token that it logs in for" if manifest.credentials.login else ""),
        ),
        ("Events", ", ".join(f"`{event}`" for event in manifest.events)),
        ("Samples", ", ".join(f"`{scenario}`" for scenario in manifest.scenarios)),
    ]
    parts = [f"## `{manifest.name}`", table(heading=(manifest.title, ""), rows=facts)]
    for title, named in (("Secret", manifest.secrets), ("Option", manifest.options)):
        if named:
            rows = [(f"`{name}`", text) for name, text in named.items()]
            parts.append(table(heading=(title, "What it is"), rows=rows))
    if manifest.ignores:
        rows = [(f"`{name}`", reason) for name, reason in sorted(manifest.ignores.items())]
        parts.append(table(heading=("Not here", "Why"), rows=rows))
    return "\n\n".join(parts)


def _span(seconds: int) -> str:
    if seconds == 0:
        return "no time: nothing is delivered again"
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds % length == 0 and seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
