"""The transparency log on the wire: notes, checkpoints, tiles, records and proofs, without IO.

Every form is one that others publish and check too: RFC 6962 trees, and of C2SP signed-note,
tlog-checkpoint, tlog-cosignature, tlog-tiles and tlog-proof. Only Ed25519 is spoken.
"""
