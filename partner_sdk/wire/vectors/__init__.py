"""Examples that bind every implementation of the formats: inputs, and the exact bytes that follow.

``merkle.json``: tree hashes; ``lines.json``: one line in both renderings, with its salt slot and
leaf; ``root.pem``, ``bakery-1.zip``, ``bakery-2.zip``: two bundles, the second going on from the
first. What is here never changes; a new version of a format gets new files.
"""
