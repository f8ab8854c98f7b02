"""How the receiver of a webhook knows that it is ours, whole and new. Pure.

    Vigie-Signature: t=1772445600,v1=5257a8...

`t` is when it was sent (Unix seconds), `v1` the HMAC-SHA256, in hexadecimal, of `t`, a point and the body; there are
two `v1` while a secret is being replaced. A receiver computes it anew, compares in constant time, and refuses what is
older than some minutes.
"""

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "Vigie-Signature"


def signature(body: bytes, secrets: Sequence[bytes], at: int) -> str:
    """The header's value for a body that is sent at a moment, Unix seconds.

    >>> signature(b"{}", [b"0123456789abcdef0123456789abcdef"], 1772445600)[:20]
    't=1772445600,v1=8b7a'
    """
    made = (hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={one}" for one in made)])
