"""Use cases of payments, each in the caller's transaction: all of it is committed, or none."""
