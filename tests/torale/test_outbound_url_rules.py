# ruff: noqa: RUF001 - characters that look like others are what is tested
"""Which URLs and addresses may be called."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torale.errors import Refused
from torale.outbound.url_rules import is_allowed, parse, server_of

PORTS = (range(80, 81), range(443, 444), range(1024, 65536))

PRIVATE = {
    "loopback": "127.0.0.1",
    "loopback's last": "127.255.255.254",
    "this host": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10/8": "10.0.0.1",
    "private 172.16/12, first": "172.16.0.0",
    "private 172.16/12, last": "172.31.255.255",
    "private 192.168/16": "192.168.1.1",
    "carrier's NAT, first": "100.64.0.0",
    "carrier's NAT, last": "100.127.255.255",
    "link-local": "169.254.0.1",
    "cloud metadata": "169.254.169.254",
    "protocol assignments": "192.0.0.8",
    "anycast protocol assignments": "192.0.0.9",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "benchmarks": "198.18.0.1",
    "6to4 relay": "192.88.99.1",
    "multicast": "224.0.0.1",
    "multicast, global": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv4-compatible loopback": "::127.0.0.1",
    "IPv4-compatible public": "::8.8.8.8",
    "IPv4-mapped loopback": "::ffff:127.0.0.1",
    "IPv4-mapped metadata": "::ffff:169.254.169.254",
    "IPv4-translated": "::ffff:0:127.0.0.1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of a public one": "64:ff9b::8.8.8.8",
    "local NAT64": "64:ff9b:1::10.0.0.1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a public one": "2002:808:808::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ORCHID": "2001:20::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, newer": "3fff::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "unique local fc": "fc00::1",
    "unique local fd": "fd00:ec2::254",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with interface": "fe80::1%eth0",
    "site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 multicast, global": "ff0e::1",
    "not given out": "4000::1",
}

PUBLIC = {
    "a resolver": "8.8.8.8",
    "before private 10/8": "9.255.255.255",
    "after private 10/8": "11.0.0.0",
    "before private 172.16/12": "172.15.255.255",
    "after private 172.16/12": "172.32.0.0",
    "before carrier's NAT": "100.63.255.255",
    "after carrier's NAT": "100.128.0.0",
    "after link-local": "169.255.0.0",
    "before multicast": "223.255.255.254",
    "IPv6 resolver": "2606:4700:4700::1111",
    "IPv6 after the protocol assignments": "2001:200::1",
    "IPv6 before 6to4": "2001:ffff::1",
    "IPv6 after 6to4": "2003::1",
    "IPv4-mapped resolver": "::ffff:8.8.8.8",
}


def by_name(table):
    return pytest.mark.parametrize("address", table.values(), ids=table.keys())


@by_name(PRIVATE)
def test_an_address_that_is_not_public_may_not_be_connected_to(address):
    assert not is_allowed(ip_address(address), ())


@by_name(PUBLIC)
def test_a_public_address_may_be_connected_to(address):
    assert is_allowed(ip_address(address), ())


@pytest.mark.parametrize(
    ("address", "network", "allowed"),
    [
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.2.2.3", "10.1.0.0/16", False),
        ("::ffff:10.1.2.3", "10.1.0.0/16", True),
        ("::ffff:10.2.2.3", "10.1.0.0/16", False),
        ("64:ff9b::10.1.2.3", "10.1.0.0/16", False),
        ("64:ff9b::10.1.2.3", "64:ff9b::/96", True),
        ("::1", "::1/128", True),
        ("::1", "127.0.0.0/8", False),
        ("fd00::5", "fd00::/8", True),
        ("224.0.0.1", "224.0.0.0/4", True),
        ("8.8.8.8", "10.0.0.0/8", True),
    ],
)
def test_an_allowed_network_opens_itself_and_nothing_else(address, network, allowed):
    assert is_allowed(ip_address(address), (ip_network(network),)) is allowed


NOT_PUBLIC = "{} is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
NOT_AN_IP = "{} is not an IP address in its usual form, such as 203.0.113.7 or [2001:db8::7]."
NOT_A_HOST = "{} is not a host name."
INTERFACE = "{} names a network interface; leave out what follows the %."
UNREADABLE = "The URL cannot be read; it should look like https://shop.example/path."
NO_HOST = "The URL has no host; it should look like https://shop.example/path."
NO_SCHEME = "The URL must start with http:// or https://."
CREDENTIALS = "The URL contains a user name or password; send them in a header instead."
AMBIGUOUS = "The URL contains white space, a backslash or a control character; percent-encode it."
PORT = (
    "Port {} may not be called, only 80, 443, 1024-65535. "
    "TORALE_OUTBOUND_PORTS lists the allowed ports."
)
SPELLING = "The host contains {0[0]!r}; write {0[1]!r} instead."
ODD_PORT = "The port {!r} is not a number in its usual form, such as 8080."
LONG_LABEL = "a" * 64
LONG_NAME = ".".join(["a" * 49] * 5) + ".example"

# A URL, what the refusal says, and of which host or port.
REFUSED = {
    "private": ("http://10.0.0.1/", NOT_PUBLIC, "10.0.0.1"),
    "metadata": ("http://169.254.169.254/latest/meta-data/", NOT_PUBLIC, "169.254.169.254"),
    "IPv6 loopback": ("http://[::1]/", NOT_PUBLIC, "::1"),
    "IPv6 unspecified": ("http://[::]/", NOT_PUBLIC, "::"),
    "IPv4-mapped": ("http://[::ffff:169.254.169.254]/", NOT_PUBLIC, "::ffff:a9fe:a9fe"),
    "NAT64": ("http://[64:ff9b::7f00:1]/", NOT_PUBLIC, "64:ff9b::7f00:1"),
    "6to4": ("http://[2002:7f00:1::]/", NOT_PUBLIC, "2002:7f00:1::"),
    "interface": ("http://[fe80::1%25eth0]/", INTERFACE, "fe80::1%25eth0"),
    "interface of a public one": (
        "http://[2606:4700::1%25eth0]/",
        INTERFACE,
        "2606:4700::1%25eth0",
    ),
    "short": ("http://127.1/", NOT_AN_IP, "127.1"),
    "three numbers": ("http://10.0.1/", NOT_AN_IP, "10.0.1"),
    "decimal": ("http://2130706433/", NOT_AN_IP, "2130706433"),
    "hexadecimal": ("http://0x7f000001/", NOT_AN_IP, "0x7f000001"),
    "hexadecimal, capital": ("http://0X7F000001/", NOT_AN_IP, "0x7f000001"),
    "hexadecimal parts": ("http://0x7f.0x0.0x0.0x1/", NOT_AN_IP, "0x7f.0x0.0x0.0x1"),
    "octal": ("http://017700000001/", NOT_AN_IP, "017700000001"),
    "octal parts": ("http://0177.0.0.1/", NOT_AN_IP, "0177.0.0.1"),
    "zero": ("http://0/", NOT_AN_IP, "0"),
    "leading zero": ("http://8.8.8.08/", NOT_AN_IP, "8.8.8.08"),
    "IPv4 with a trailing dot": ("http://127.0.0.1./", NOT_AN_IP, "127.0.0.1."),
    "IPv4 out of range": ("http://256.1.1.1/", NOT_AN_IP, "256.1.1.1"),
    "five numbers": ("http://1.2.3.4.5/", NOT_AN_IP, "1.2.3.4.5"),
    "name that ends in a number": ("http://shop.1/", NOT_AN_IP, "shop.1"),
    "full-width digits": ("http://１２７.0.0.1/", SPELLING, ("１", "1")),
    "full-width digits of a public address": ("http://8.8.8.８/", SPELLING, ("８", "8")),
    "circled digits": ("http://①②⑦.0.0.1/", SPELLING, ("①", "1")),
    "ideographic full stops": ("http://127。0。0。1/", NOT_PUBLIC, "127.0.0.1"),
    "Arabic digits": ("http://١٢٧.0.0.1/", NOT_AN_IP, "xn--9hbcp.0.0.1"),
    "localhost": ("http://localhost/", NOT_PUBLIC, "localhost"),
    "localhost, capital": ("http://LocalHost/", NOT_PUBLIC, "localhost"),
    "localhost with a trailing dot": ("http://localhost./", NOT_PUBLIC, "localhost."),
    "below localhost": ("http://app.localhost/", NOT_PUBLIC, "app.localhost"),
    "localhost, full-width": ("http://ｌｏｃａｌｈｏｓｔ/", SPELLING, ("ｌ", "l")),
    "localhost, circled": ("http://ⓛocalhost/", SPELLING, ("ⓛ", "l")),
    "localhost, percent-encoded": ("http://loc%61lhost/", NOT_A_HOST, "loc%61lhost"),
    "name without a dot": ("http://intranet/", NOT_PUBLIC, "intranet"),
    ".local": ("http://printer.local/", NOT_PUBLIC, "printer.local"),
    ".local with a trailing dot": ("http://printer.local./", NOT_PUBLIC, "printer.local."),
    ".internal": (
        "http://metadata.google.internal/",
        NOT_PUBLIC,
        "metadata.google.internal",
    ),
    ".home.arpa": ("http://nas.home.arpa/", NOT_PUBLIC, "nas.home.arpa"),
    "empty label": ("http://shop..example/", NOT_A_HOST, "shop..example"),
    "two trailing dots": ("http://127.0.0.1../", NOT_A_HOST, "127.0.0.1.."),
    "only a dot": ("http://./", NOT_A_HOST, "."),
    "label begins with a hyphen": ("http://-shop.example/", NOT_A_HOST, "-shop.example"),
    "label ends with a hyphen": ("http://shop-.example/", NOT_A_HOST, "shop-.example"),
    "label too long": (f"http://{LONG_LABEL}.example/", NOT_A_HOST, f"{LONG_LABEL}.example"),
    "name too long": (f"http://{LONG_NAME}/", NOT_A_HOST, LONG_NAME),
    "wildcard": ("http://*.example/", NOT_A_HOST, "*.example"),
    "percent-encoded slash": ("http://shop%2f.example/", NOT_A_HOST, "shop%2f.example"),
    "percent-encoded NUL": ("http://127.0.0.1%00.example/", NOT_A_HOST, "127.0.0.1%00.example"),
    "user": ("http://shop.example@10.0.0.1/", CREDENTIALS, ""),
    "user and password": ("http://olive:secret@shop.example/", CREDENTIALS, ""),
    "empty user and password": ("http://:@shop.example/", CREDENTIALS, ""),
    "empty user": ("http://@shop.example/", CREDENTIALS, ""),
    "port with a sign": ("http://shop.example:+80/", ODD_PORT, "+80"),
    "port with an underscore": ("http://shop.example:8_0/", ODD_PORT, "8_0"),
    "port with a leading zero": ("http://shop.example:080/", ODD_PORT, "080"),
    "port that is empty": ("http://shop.example:/", ODD_PORT, ""),
    "port in full-width digits": ("http://shop.example:８０/", ODD_PORT, "８０"),
    "port with a sign after an IPv6 address": ("http://[2606:4700::1]:+80/", ODD_PORT, "+80"),
    "port of SSH": ("http://shop.example:22/", PORT, 22),
    "port of SMTP": ("https://shop.example:25/", PORT, 25),
    "port 0": ("http://shop.example:0/", PORT, 0),
    "port too large": ("http://shop.example:65536/", UNREADABLE, ""),
    "port that is a word": ("http://shop.example:http/", UNREADABLE, ""),
    "space": ("http://shop.example/a b", AMBIGUOUS, ""),
    "leading space": (" http://shop.example/", AMBIGUOUS, ""),
    "line break at the end": ("http://shop.example/\n", AMBIGUOUS, ""),
    "tab in the host": ("http://127.0\t.0.1/", AMBIGUOUS, ""),
    "no-break space": ("http://shop.example/\u00a0", AMBIGUOUS, ""),
    "next line": ("http://shop.example/\u0085", AMBIGUOUS, ""),
    "line separator": ("http://shop.example/\u2028", AMBIGUOUS, ""),
    "NUL": ("http://shop.example/\0", AMBIGUOUS, ""),
    "delete": ("http://shop.example/\x7f", AMBIGUOUS, ""),
    "backslash": ("http://shop.example\\@10.0.0.1/", AMBIGUOUS, ""),
    "unclosed bracket": ("http://[::1/", UNREADABLE, ""),
    "IPv4 in brackets": ("http://[127.0.0.1]/", UNREADABLE, ""),
    "IPv6 without brackets": ("http://::1/", UNREADABLE, ""),
    "full-width slash": ("http://shop.example／evil.example/", UNREADABLE, ""),
    "lone surrogate": ("http://\ud800.example/", UNREADABLE, ""),
    "zero-width joiner": ("http://a\u200db.example/", UNREADABLE, ""),
    "no host": ("http:///path", NO_HOST, ""),
    "no slashes": ("http:shop.example", NO_HOST, ""),
    "nothing": ("", NO_SCHEME, ""),
    "host only": ("shop.example", NO_SCHEME, ""),
    "no scheme": ("//shop.example/", NO_SCHEME, ""),
    "ftp": ("ftp://shop.example/", NO_SCHEME, ""),
    "file": ("file:///etc/passwd", NO_SCHEME, ""),
    "gopher": ("gopher://127.0.0.1:6379/_INFO", NO_SCHEME, ""),
    "javascript": ("javascript:alert(1)", NO_SCHEME, ""),
    "too long": (
        "http://shop.example/" + "a" * 2029,
        "The URL is longer than 2048 characters.",
        "",
    ),
}


@pytest.mark.parametrize(("url", "sentence", "of"), REFUSED.values(), ids=REFUSED.keys())
def test_a_url_that_may_not_be_called_is_refused_with_the_reason(url, sentence, of):
    with pytest.raises(Refused) as refusal:
        parse(url, networks=(), ports=PORTS)

    assert str(refusal.value) == sentence.format(of)


# A URL and what is called for it.
CALLED = {
    "host only": ("https://shop.example", "https://shop.example"),
    "path, query, fragment": ("http://shop.example/a?b=c#d", "http://shop.example/a?b=c#d"),
    "port": ("http://shop.example:8080/", "http://shop.example:8080/"),
    "lowest high port": ("http://shop.example:1024/", "http://shop.example:1024/"),
    "highest port": ("http://shop.example:65535/", "http://shop.example:65535/"),
    "default port": ("https://shop.example:443/", "https://shop.example/"),
    "capitals": ("HTTPS://SHOP.example/A", "https://shop.example/A"),
    "trailing dot": ("https://shop.example./", "https://shop.example./"),
    "underscore": ("https://my_shop.example/", "https://my_shop.example/"),
    "digits in a name": ("https://1.shop.example/", "https://1.shop.example/"),
    "IDN": ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
    "IDN, capital": ("https://MÜNCHEN.example/", "https://xn--mnchen-3ya.example/"),
    "IDN with ß": ("https://straße.example/", "https://xn--strae-oqa.example/"),
    "IDN as it is sent": ("https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example/"),
    "path beyond ASCII": ("https://shop.example/ä", "https://shop.example/%C3%A4"),
    "IPv4": ("http://8.8.8.8/", "http://8.8.8.8/"),
    "IPv6": ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    "IPv4-mapped": ("http://[::ffff:8.8.8.8]/", "http://[::ffff:808:808]/"),
    "at sign in the path": ("http://shop.example/@10.0.0.1", "http://shop.example/@10.0.0.1"),
    "at sign in the query": ("http://shop.example?@10.0.0.1", "http://shop.example/?@10.0.0.1"),
    "as long as may be": (
        "http://shop.example/" + "a" * 2028,
        "http://shop.example/" + "a" * 2028,
    ),
}


@pytest.mark.parametrize(("url", "called"), CALLED.values(), ids=CALLED.keys())
def test_a_url_of_a_public_host_is_called_as_it_was_checked(url, called):
    assert str(parse(url, networks=(), ports=PORTS)) == called


INSIDE = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.1.2.3/",
        "http://localhost/",
        "http://app.localhost/",
        "http://intranet/",
        "http://printer.local/",
    ],
)
def test_a_private_host_may_be_called_when_a_network_is_allowed(url):
    assert parse(url, networks=INSIDE, ports=PORTS).scheme == "http"


@pytest.mark.parametrize(
    ("url", "networks", "host"),
    [
        ("http://10.2.0.1/", INSIDE, "10.2.0.1"),
        ("http://[::1]/", INSIDE, "::1"),
        ("http://169.254.169.254/", INSIDE, "169.254.169.254"),
        ("http://localhost/", (ip_network("10.0.0.0/8"),), "localhost"),
    ],
)
def test_an_allowed_network_leaves_the_others_closed(url, networks, host):
    with pytest.raises(Refused) as refusal:
        parse(url, networks=networks, ports=PORTS)

    assert str(refusal.value) == NOT_PUBLIC.format(host)


def test_only_the_allowed_ports_are_called():
    with pytest.raises(Refused) as refusal:
        parse("https://shop.example/", networks=(), ports=(range(8443, 8444), range(9000, 9003)))

    assert str(refusal.value) == (
        "Port 443 may not be called, only 8443, 9000-9002. "
        "TORALE_OUTBOUND_PORTS lists the allowed ports."
    )


# --- Laws ----------------------------------------------------------------------------------------

# The registries' special-purpose blocks (RFC 6890 and what followed), written out once more here
# rather than taken from the code or from Python.
NOT_FOR_US_IPV4 = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
NOT_FOR_US_IPV6 = [
    IPv6Network(network)
    for network in (
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
        *("2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]


def addresses_in(networks):
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(0, network.num_addresses - 1).map(
            lambda offset: network[offset]
        )
    )


inside_ipv4 = addresses_in(NOT_FOR_US_IPV4)
any_ipv4 = st.integers(0, 2**32 - 1).map(IPv4Address)


@given(st.one_of(inside_ipv4, addresses_in(NOT_FOR_US_IPV6)))
def test_no_address_of_a_special_network_is_ever_allowed(address):
    assert not is_allowed(address, ())


@given(any_ipv4)
def test_an_ipv4_address_is_allowed_exactly_when_it_is_in_no_special_network(address):
    assert is_allowed(address, ()) is not any(address in network for network in NOT_FOR_US_IPV4)


@given(st.one_of(any_ipv4, inside_ipv4))
def test_an_ipv4_mapped_address_is_judged_as_the_plain_one(address):
    mapped = IPv6Address(0xFFFF << 32 | int(address))

    assert is_allowed(mapped, ()) is is_allowed(address, ())
    assert is_allowed(mapped, INSIDE) is is_allowed(address, INSIDE)


@given(any_ipv4, st.integers(0, 2**80 - 1))
def test_no_other_ipv6_address_that_carries_an_ipv4_address_is_allowed(address, rest):
    carriers = [
        IPv6Address(int(address)),  # IPv4-compatible
        IPv6Address(0x64FF9B << 96 | int(address)),  # NAT64
        IPv6Address(0x64FF9B0001 << 80 | int(address)),  # local NAT64
        IPv6Address(0x2002 << 112 | int(address) << 80 | rest),  # 6to4
        IPv6Address(0x20010000 << 96 | int(address)),  # Teredo
    ]

    assert [carrier for carrier in carriers if is_allowed(carrier, ())] == []


def number(value):
    return st.sampled_from([str(value), f"0{value:o}", f"{value:#x}", f"{value:#X}"])


def notations(address):
    """Every way in which inet_aton takes the address: 1 to 4 numbers, the last one fills up."""
    bits = int(address)
    counts = {
        1: [bits],
        2: [bits >> 24, bits & 0xFFFFFF],
        3: [bits >> 24, bits >> 16 & 0xFF, bits & 0xFFFF],
        4: [bits >> 24, bits >> 16 & 0xFF, bits >> 8 & 0xFF, bits & 0xFF],
    }
    return st.sampled_from(sorted(counts)).flatmap(
        lambda count: st.tuples(*map(number, counts[count])).map(".".join)
    )


@given(inside_ipv4.flatmap(notations))
def test_no_notation_of_a_private_ipv4_address_gets_through(host):
    socket.inet_aton(host.lower())  # it is one

    with pytest.raises(Refused):
        parse(f"http://{host}/", networks=(), ports=PORTS)


@given(st.text("0123456789abcdefx.", min_size=1, max_size=20))
def test_what_the_system_takes_for_an_address_is_never_called_as_a_name(host):
    try:
        called = parse(f"http://{host}/", networks=(), ports=PORTS).raw_host or ""
    except Refused:
        return
    try:
        packed = socket.inet_aton(called)
    except OSError:
        return  # a name

    assert str(IPv4Address(packed)) == called
    assert is_allowed(IPv4Address(packed), ())


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://", "http://shop.example/"]))
def test_no_text_makes_the_check_fail_otherwise_than_by_refusing(text, prefix):
    try:
        called = parse(prefix + text, networks=(), ports=PORTS)
    except Refused as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - most texts are refused, some are not
    else:
        assert called.scheme in ("http", "https")
        assert called.raw_host
        assert not called.user


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://Shop.example/", "shop.example:443"),
        ("https://shop.example./bread", "shop.example:443"),
        ("http://shop.example:8080", "shop.example:8080"),
        ("https://user:word@bücher.example/", "xn--bcher-kva.example:443"),
        ("http://[0:0::1]/", "[::1]:80"),
        ("http://shop.example:99999/", "http://shop.example:99999/"),
    ],
)
def test_a_server_has_one_name_however_it_is_written(url, server):
    assert server_of(url) == server
