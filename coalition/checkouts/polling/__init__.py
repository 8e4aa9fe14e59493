"""Asking platforms for what changed: what no message told, and what was before the connection."""
