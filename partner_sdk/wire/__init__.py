"""The published language of the coalition: values, formats and proofs that cross the wire.

Nothing here does IO or reads a clock: callers pass bytes, ids and ``now``.
"""
