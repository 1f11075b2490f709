"""The cookies of one visit: they are sent on the way through its redirects, and to nobody else."""

from collections.abc import Mapping

import aiohttp
from yarl import URL

#: How many bytes of cookies are sent; servers refuse more.
MAX_BYTES = 8 * 1024


class VisitCookies:
    """Keeps what servers set, by the rules for domains and paths (RFC 6265 §5)."""

    def __init__(self) -> None:
        # "Unsafe" are cookies of hosts that have no name, for which the rules are simple.
        self._jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)

    def keep(self, response: aiohttp.ClientResponse) -> None:
        """Keep the cookies that a response sets."""
        self._jar.update_cookies(response.cookies, response.url)

    def added_to(self, headers: Mapping[str, str], url: str) -> dict[str, str]:
        """Return the headers of the next request, with the cookies that its URL gets.

        They follow those of the header Cookie, except that a cookie of the same name replaces the
        one in the header.
        """
        if not len(self._jar):
            return dict(headers)
        try:
            fresh = self._jar.filter_cookies(URL(url))
        except ValueError:  # not a URL; no request will be made to it
            return dict(headers)
        others = {name: value for name, value in headers.items() if name.lower() != "cookie"}
        given = [value for name, value in headers.items() if name.lower() == "cookie"]
        pairs = [pair.strip() for value in given for pair in value.split(";") if pair.strip()]
        pairs = [pair for pair in pairs if pair.partition("=")[0] not in fresh]
        for name, morsel in fresh.items():
            pairs.append(f"{name}={morsel.value}")
            if len("; ".join(pairs)) > MAX_BYTES:
                pairs.pop()
                break
        return {**others, "Cookie": "; ".join(pairs)} if pairs else others
