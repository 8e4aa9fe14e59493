"""The nightly pipeline: who owes whom, netted, stated, signed and proved."""
