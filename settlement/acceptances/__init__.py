"""Parties' acceptances of their statements: signed by them, kept as evidence for both sides."""
