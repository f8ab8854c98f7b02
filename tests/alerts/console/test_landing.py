"""Nobody is sent to another site, whatever an address says."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.console.landing import HOME, kept, landing, read, towards

PAGES = (
    "/",
    "/?tier=strong&q=A+%26+B",
    "/glass",
    "/firms/2A/123456789",
    "/firms/unknown/123456789",
    "/export?format=csv",
)
HOSTILE = (
    "//evil.example",
    "//evil.example/firms/21/123456789",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "https:/evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "",
    " /firms/21/123456789",
    "/firms/21/123456789\n",
    "/firms/21/123456789\r\nLocation: //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/firms/../../evil.example",
    "/firms/21/123456789/../..//evil.example",
    "/firms/21/123456789@evil.example",
    "/%2F/evil.example",
    "/%5Cevil.example",
    "/?next=//evil.example",
    "/#//evil.example",
    '/?"><script>alert(1)</script>',
    "/?q=';url=//evil.example",
    "/?q=x;url=//evil.example",
    "/login?next=/",
    "/logout",
    "/stream",
    "/firms/21/123456789/take",
    "/?q=" + "x" * 3000,
    "/firms/21/１２３４５６７８９",
)


def test_pages_of_ours_are_landed_on() -> None:
    for page in PAGES:
        assert landing(page) == page
        assert read(kept(page)) == page
    assert towards("/login", "/?q=A+%26+B") == "/login?next=%2F%3Fq%3DA%2B%2526%2BB"


@pytest.mark.parametrize("address", HOSTILE)
def test_whatever_else_leads_to_the_list(address: str) -> None:
    assert landing(address) == HOME
    assert towards("/login", address) == "/login"


@given(
    st.one_of(st.text(), st.text("/\\:@?#.;evil%0a\t"), st.sampled_from(HOSTILE + PAGES).map(lambda text: text + "/"))
)
def test_no_address_leaves_the_site(address: str) -> None:
    found = landing(address)
    there = urlsplit(urljoin("https://vigie.example/login", found))
    assert (there.scheme, there.netloc) == ("https", "vigie.example")
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert landing(read(address)) == read(address)
