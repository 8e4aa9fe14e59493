"""Offline verification of a statement bundle: nothing is trusted but the root that is given.

Only the standard library and ``cryptography`` are used, nothing is fetched, and memory does not
grow with the number of lines.
"""

from partner_sdk.verify.bundle import Verification, verify_bundle
from partner_sdk.verify.findings import Finding

__all__ = ["Finding", "Verification", "verify_bundle"]
