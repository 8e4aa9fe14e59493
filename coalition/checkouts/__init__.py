"""Checkouts: connections to partners' platforms, their messages, and the sales that follow."""
