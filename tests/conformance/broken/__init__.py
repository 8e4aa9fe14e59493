"""Adapters with one fault each: what the kit is for."""
