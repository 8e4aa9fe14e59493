"""Use cases of risk: each is one unit of work."""
