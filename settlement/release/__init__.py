"""Releasing a window: what is to be paid, fixed by one person and approved by another."""
