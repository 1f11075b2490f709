"""Which servers may be called: the rules for URLs and addresses; pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from yarl import URL

from torale.errors import Refused

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Networks: TypeAlias = tuple[Network, ...]
Ports: TypeAlias = tuple[range, ...]

#: The one part of IPv6 that is assigned for use on the internet (RFC 4291 §2.4). It excludes, among
#: others, addresses that contain an IPv4 address (::/96, NAT64) and local ones (fec0::/10).
GLOBAL_UNICAST = IPv6Network("2000::/3")

#: Networks inside the public space in which nobody has a server. `is_global` knows only some of
#: them; which ones depends on the Python release.
SPECIAL_NETWORKS: Networks = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments (RFC 6890)
    IPv4Network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo's embedded IPv4 among them
    IPv6Network("2002::/16"),  # 6to4, carries an IPv4 address
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)

LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))

#: Endings of names that no public DNS server knows: RFC 6762, RFC 8375, ICANN resolution
#: 2024.07.29.06.
PRIVATE_SUFFIXES = (".local", ".home.arpa", ".internal")

#: The message if a host is refused. It does not reveal what the host resolves to.
NOT_PUBLIC = "{host} is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."

MAX_URL_LENGTH = 2048
MAX_HOST_LENGTH = 253  # RFC 1035 §2.3.4, without the root's dot

# Parsers disagree about these: what one takes for a harmless path is a host for another.
AMBIGUOUS = re.compile(r"[\s\\\x00-\x20\x7f-\x9f]")
# The part before the path as it was written; yarl would tidy it.
AUTHORITY = re.compile(r"[^:]*://([^/?#]*)")
PORT = re.compile(r"0|[1-9][0-9]{0,4}")
# RFC 1123 does not allow underscores, but there are names with them.
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# What inet_aton would read as an IPv4 address or its end: 127.1, 0x7f000001, 017700000001.
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


#: `Reserved.whose` for all users who may enter the admin.
STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A network that only some users may call."""

    network: Network
    #: Who may call it: STAFF, or the email that one user logs in with, in lower case.
    whose: str


def networks_for(
    allowed: tuple[Network | Reserved, ...], *, email: str, is_staff: bool
) -> Networks:
    """Return the networks among `allowed` that a user may call."""
    return tuple(
        entry.network if isinstance(entry, Reserved) else entry
        for entry in allowed
        if not isinstance(entry, Reserved)
        or (is_staff if entry.whose == STAFF else entry.whose == email.lower())
    )


def is_allowed(address: Address, networks: Networks) -> bool:
    """Return whether `address` may be called: it is public, or in one of `networks`.

    An IPv4 address in IPv6 notation (::ffff:0:0/96) is treated as the IPv4 address, which is what
    the system connects to.
    """
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if any(address in network for network in networks):
        return True
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    # `is_global` is true for multicast, because it may be routed.
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in SPECIAL_NETWORKS)
    )


# A delivery worker calls the same few URLs thousands of times a second.
@lru_cache(maxsize=4096)
def parse(url: str, *, networks: Networks, ports: Ports) -> URL:
    """Check `url` and return it parsed, so that exactly what was checked is called.

    What a host name resolves to is not known here: the socket is checked when it connects.

    Args:
        url: as a user wrote it or a server redirected to it.
        networks: the networks that are allowed besides the public internet.
        ports: the ports that are allowed.

    Raises:
        Refused: the message says what is wrong and what to change.
    """
    if len(url) > MAX_URL_LENGTH:
        raise Refused(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if AMBIGUOUS.search(url):
        raise Refused(
            "The URL contains white space, a backslash or a control character; percent-encode it."
        )
    try:
        parsed = URL(url)
    except ValueError as error:
        raise Refused(
            "The URL cannot be read; it should look like https://shop.example/path."
        ) from error
    if parsed.scheme not in ("http", "https"):
        raise Refused("The URL must start with http:// or https://.")
    if not parsed.raw_host:
        raise Refused("The URL has no host; it should look like https://shop.example/path.")
    _check_spelling(url)
    if not any(parsed.port in allowed for allowed in ports):
        raise Refused(
            f"Port {parsed.port} may not be called, only {_spelled(ports)}. "
            "TORALE_OUTBOUND_PORTS lists the allowed ports."
        )
    _check_host(parsed.raw_host, networks)
    return parsed


def _check_spelling(url: str) -> None:
    """Refuse notations of host and port that another program may understand differently."""
    found = AUTHORITY.match(url)
    authority = found[1] if found else ""
    if "@" in authority:
        raise Refused("The URL contains a user name or password; send them in a header instead.")
    _, colon, port = authority.rpartition("]")[2].partition(":")
    if colon and not PORT.fullmatch(port):
        raise Refused(f"The port {port!r} is not a number in its usual form, such as 8080.")
    for character in authority:
        plain = unicodedata.normalize("NFKC", character)
        if not character.isascii() and plain.isascii():
            raise Refused(f"The host contains {character!r}; write {plain!r} instead.")


def _check_host(host: str, networks: Networks) -> None:
    """Refuse what is not a host, or is known not to be public before any name is looked up.

    `host` comes from yarl: lower case and IDNA-encoded.
    """
    name = host.removesuffix(".")
    labels = name.split(".")
    if ":" in host:
        allowed = is_allowed(_ip_address(IPv6Address, host), networks)
    elif NUMERIC_LABEL.fullmatch(labels[-1]):
        allowed = is_allowed(_ip_address(IPv4Address, host), networks)
    elif len(name) > MAX_HOST_LENGTH or not all(map(LABEL.fullmatch, labels)):
        raise Refused(f"{host} is not a host name.")
    elif labels[-1] == "localhost":
        # Always loopback, by RFC 6761 §6.3.
        allowed = any(is_allowed(address, networks) for address in LOOPBACK)
    elif len(labels) == 1 or name.endswith(PRIVATE_SUFFIXES):
        allowed = bool(networks)
    else:
        allowed = True
    if not allowed:
        raise Refused(NOT_PUBLIC.format(host=host))


def _ip_address(kind: type[Address], host: str) -> Address:
    try:
        address = kind(host)
    except ValueError as error:
        raise Refused(
            f"{host} is not an IP address in its usual form, such as 203.0.113.7 or [2001:db8::7]."
        ) from error
    if isinstance(address, IPv6Address) and address.scope_id:
        raise Refused(f"{host} names a network interface; leave out what follows the %.")
    return address


def _spelled(ports: Ports) -> str:
    return ", ".join(
        str(allowed[0]) if len(allowed) == 1 else f"{allowed[0]}-{allowed[-1]}" for allowed in ports
    )


def server_of(url: str) -> str:
    """Return the server of an absolute URL, as `host:port`, without the dot that may end a name.

    A URL that is malformed, which no call is made to, is its own server.
    """
    try:
        parsed = URL(url)
    except ValueError:
        return url
    host = (parsed.host_subcomponent or "").rstrip(".")
    return f"{host}:{parsed.port}"


def origin_of(url: str) -> str:
    """Return the origin of an absolute URL (RFC 6454 §4): its scheme, host and port.

    A URL that is malformed, which no call is made to, is its own origin.
    """
    try:
        return str(URL(url).origin())
    except ValueError:
        return url
