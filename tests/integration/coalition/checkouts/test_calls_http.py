"""What the hub asked of a shop, as the shop's own partner reads it."""

from __future__ import annotations

from adapters.testing.shop import Item
from tests.checkout_world import Market


def test_a_partner_reads_what_the_hub_asked_of_its_shop_and_what_was_answered(
    market: Market,
) -> None:
    market.member("77")
    shop = market.connect("shopify")
    for failing in (False, True):
        shop.shop.buy([Item("L1", 4000)])
        shop.deliver()
        if failing:
            shop.server.fail(503)
        market.work()
    path = f"/v1/connections/{shop.id}/calls"
    answer = market.partner.send("GET", path)
    newest, *others = answer.json["items"]
    assert (newest["outcome"], newest["status"]) == ("answered", 503)
    assert (newest["method"], newest["detail"]) == ("GET", "answered 503")
    assert {each["status"] for each in others} == {200}
    assert all(each["path"].startswith("/admin/api/") for each in others)
    assert all(each["bytes"] > 0 for each in others)
    for secret in (*shop.shop.signing, *shop.shop.extra.values()):
        assert secret not in answer.text
    for caller in (market.partner, market.operator):
        assert caller.pages(path, limit=1) == [[each] for each in (newest, *others)]
    stranger = market.stranger.send("GET", path)
    assert (stranger.status_code, stranger.json["code"]) == (404, "connection_not_found")
