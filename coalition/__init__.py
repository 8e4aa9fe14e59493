"""The hub of a coalition loyalty network: members, agreements, ledger, sales and redemptions."""

__version__ = "0.1.0"
