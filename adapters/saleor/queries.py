"""What Saleor is asked, as GraphQL (Saleor 3.20 and later)."""

from __future__ import annotations

__all__ = ["CREATE", "DEACTIVATE", "DELETE", "FIND", "LIST", "ORDER"]

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
