"""Speed as ratios: what the hub does beside what the same machine does at best, in turns.

`python -m tests.bench` (`make bench`) measures and writes docs/benchmarks.md. Nothing here asserts
a time: machines differ, and a shared one differs from itself.
"""
