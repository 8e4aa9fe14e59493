"""Disputes: a partner contests lines of its statement; what is decided becomes adjustments."""
