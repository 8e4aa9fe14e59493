"""The nightly job: a process of its own that settles every business date once it has ended."""
