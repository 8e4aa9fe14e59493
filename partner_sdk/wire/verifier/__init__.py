"""``verify.py``, the verifier that travels in every bundle: its bytes, and their hash.

It stands alone (Python's standard library and the ``openssl`` command), so it is carried here as a
file and shares no code with the SDK's own verifier; tests hold the two to the same verdicts. Its
hash is published apart from the bundles, for a verifier cannot vouch for itself.
"""

from hashlib import sha256
from pkgutil import get_data

__all__ = ["SHA256", "SOURCE"]

_source = get_data(__name__, "verify.py")
if _source is None:
    raise ImportError("the package is without its verify.py")

#: The file, as every bundle carries it.
SOURCE: bytes = _source
#: Its SHA-256 in hex.
SHA256: str = sha256(SOURCE).hexdigest()
