"""Requests that the hub makes to machines of others: where they may go, and how they get there."""
