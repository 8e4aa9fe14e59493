"""What Saleor is asked, as GraphQL (Saleor 3.20 and later)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapters.contract import Answer, Call, Malformed, NotNow
from adapters.webshop import answered

__all__ = ["CREATE", "DEACTIVATE", "DELETE", "FIND", "LIST", "ORDER", "data", "graphql"]

_GROSS = "{ gross { amount } }"

ORDER = f"""
query CoalitionOrder($id: ID!) {{
  order(id: $id) {{
    id number created updatedAt status userEmail
    metadata {{ key value }}
    user {{ id metadata {{ key value }} }}
    billingAddress {{ phone }}
    shippingAddress {{ phone }}
    total {{ currency gross {{ amount }} }}
    shippingPrice {_GROSS}
    lines {{
      id productSku quantity totalPrice {_GROSS}
      variant {{ product {{ category {{ slug }} productType {{ slug kind }} }} }}
    }}
    giftCards {{
      tags {{ name }}
      events(filter: {{ type: USED_IN_ORDER, orders: [$id] }}) {{
        balance {{ currentBalance {{ amount }} oldCurrentBalance {{ amount }} }}
      }}
    }}
    transactions {{
      name
      chargedAmount {{ amount }} refundedAmount {{ amount }} refundPendingAmount {{ amount }}
      events {{ id type pspReference createdAt amount {{ amount }} }}
    }}
    payments {{
      gateway capturedAmount {{ amount }}
      transactions {{ id kind isSuccess created amount {{ amount }} }}
    }}
    grantedRefunds {{
      amount {{ amount }} shippingCostsIncluded
      lines {{ quantity orderLine {{ id }} }}
      transactionEvents {{ id }}
    }}
  }}
}}
"""

LIST = """
query CoalitionOrders($first: Int!, $after: String, $since: DateTime!, $until: DateTime!) {
  orders(
    first: $first, after: $after
    filter: { updatedAt: { gte: $since, lte: $until } }
    sortBy: { field: LAST_MODIFIED_AT, direction: ASC }
  ) {
    edges { node { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

_CARD = "id isActive initialBalance { amount } currentBalance { amount }"

CREATE = """
mutation CoalitionSpend($input: GiftCardCreateInput!) {
  giftCardCreate(input: $input) { giftCard { id } errors { code field } }
}
"""

FIND = f"""
query CoalitionFind($code: String!) {{
  giftCards(first: 1, filter: {{ code: $code }}) {{ edges {{ node {{ {_CARD} }} }} }}
}}
"""

DEACTIVATE = f"""
mutation CoalitionStop($id: ID!) {{
  giftCardDeactivate(id: $id) {{ giftCard {{ {_CARD} }} errors {{ code field }} }}
}}
"""

DELETE = """
mutation CoalitionUndo($id: ID!) {
  giftCardDelete(id: $id) { giftCard { id } errors { code field } }
}
"""


def graphql(query: str, variables: Mapping[str, Any], key: str | None = None) -> Call:
    """A call of it; `key` names what it makes."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    return Call("POST", "/graphql/", body, {"Content-Type": "application/json"}, key)


def data(answer: Answer) -> Mapping[str, Any]:
    """The data of an answer, which may be 200 and hold errors. Raises Malformed, NotNow."""
    said = answered(answer, "graphql")
    if not isinstance(said, Mapping):
        raise Malformed("Saleor's answer is not an object")
    if said.get("errors"):
        raise NotNow(f"Saleor answered errors: {_codes(said['errors'])}")
    if not isinstance(said.get("data"), Mapping):
        raise Malformed("Saleor answered no data")
    found: Mapping[str, Any] = said["data"]
    return found


def _codes(errors: Any) -> str:
    """The names of errors (`PermissionDenied`), which hold nothing of the order."""
    names: set[str] = set()
    for error in errors if isinstance(errors, list) else ():
        at: Any = error
        for step in ("extensions", "exception", "code"):
            at = at.get(step) if isinstance(at, Mapping) else None
        names.add(at if isinstance(at, str) and at.isidentifier() else "unnamed")
    return ", ".join(sorted(names)) or "unnamed"
