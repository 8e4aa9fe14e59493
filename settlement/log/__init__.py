"""The append-only logs: what the coalition has stated, in an order that it cannot change unnoticed.

A log is a row: its name, its origin, its key. Statements, agreement versions and certificates go
into the one called `statements`. The database is the source; the tiles that partners fetch are
derived from it and can be written anew.
"""
