"""Where somebody lands after logging in: on the page that was asked for, one of ours and no other's. Pure.

Whatever is no address of a page of the console's leads to the list. Nothing else is looked at: a host, a scheme, a
second slash or a line break in it makes it no such address.
"""

import base64
import re
from urllib.parse import urlencode

HOME = "/"
LONGEST = 2000
_PAGE = re.compile(r"/(?:glass|export|firms/[0-9A-Za-z]{2,7}/[0-9]{9})?(?:\?[0-9A-Za-z._~%*+,:@&=-]*)?")
"""A path that there is, then a query of letters, digits and what stands between them."""


def landing(address: str) -> str:
    """The address, where it is a page's; else the list's.

    >>> landing("/firms/21/123456789"), landing("//evil.example/firms/21/123456789")
    ('/firms/21/123456789', '/')
    """
    return address if len(address) <= LONGEST and _PAGE.fullmatch(address) else HOME


def towards(path: str, address: str) -> str:
    """A page's address that remembers where somebody wants to land.

    >>> towards("/login", "/firms/21/123456789"), towards("/login", "/")
    ('/login?next=%2Ffirms%2F21%2F123456789', '/login')
    """
    wanted = landing(address)
    return path if wanted == HOME else f"{path}?{urlencode({'next': wanted})}"


def kept(address: str) -> str:
    """The address as a cookie can hold it."""
    return base64.urlsafe_b64encode(landing(address).encode()).decode().rstrip("=")


def read(text: str) -> str:
    """The address of a cookie's text, looked at again."""
    try:
        return landing(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode())
    except ValueError:
        return HOME
