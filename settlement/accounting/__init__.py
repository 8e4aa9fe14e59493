"""The books of points: breakage estimated per cohort, and deferred revenue rolled forward.

IFRS 15 B39–B47 and Example 52; the method is told in docs/explanation/breakage.md.
"""
