"""What to do about a connection of TLS that did not come about, as far as its failure tells."""

_SAID = {
    "mismatch": "its certificate is of another host: name the host in VIGIE_REDIS (or --redis) as the certificate does",
    "has expired": "its certificate has expired: have it renewed, unless it is this machine's clock that is wrong",
    "not yet valid": "its certificate is not valid yet: is this machine's clock wrong?",
    "CERTIFICATE_VERIFY_FAILED": (
        "its certificate is signed by nobody who is trusted here: name the file of its authority (PEM) in VIGIE_REDIS, "
        "rediss://host:port/0?ssl_ca_certs=FILE"
    ),
    "No such file": (
        "a file that its address names is not there: look at ssl_ca_certs, ssl_certfile and ssl_keyfile in VIGIE_REDIS"
    ),
}
_CUT = ("reset by peer", "EOF occurred", "UNKNOWN_CA", "CERTIFICATE_REQUIRED")
"""A server that does not like the certificate it was shown, or none, tells so or just ends: which is chance."""
_OWN = (
    "start it, or, if it runs, show it a certificate that its authority has signed (tls-auth-clients is yes unless set "
    "otherwise): ssl_certfile=FILE and ssl_keyfile=FILE in VIGIE_REDIS"
)
_PLAIN = (
    "start it, or, if it runs, look whether its port is one of TLS: for one that is not, say redis:// in VIGIE_REDIS "
    "(or --redis)"
)
_SECURED = "start it, or, if it runs, say rediss:// in VIGIE_REDIS (or --redis) where its port is one of TLS"


def remedy(error: Exception, where: str) -> str | None:
    """What to do, in words; None where nothing speaks of TLS. `where` is the safe form of the URL."""
    said = str(error)
    cut = any(sign in said for sign in _CUT)
    if not where.startswith("rediss"):
        return _SECURED if cut else None
    for sign, what in _SAID.items():
        if sign in said:
            return what
    if cut:
        return _OWN
    return _PLAIN if "Timeout connecting" in said else None
