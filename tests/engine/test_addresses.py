"""A webhook goes to the public internet over https or to a test's own receiver, else nowhere (case 169)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mockserver.engine.addresses import (
    Resolver,
    Target,
    UnsafeAddressError,
    check_url,
    is_public,
    parse,
    resolve,
    safe_addresses,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC = [
    "https://example.com",
    "https://example.com/hooks?source=mega&x=%2F",
    "https://EXAMPLE.com:8443/hooks",
    "HTTPS://example.com/",
    "https://hooks.eu-1.example.co.uk/a/b",
    "https://xn--bcher-kva.example/hooks",
    "https://example.com:443/",
    "https://8.8.8.8/hooks",
    "https://[2606:4700:4700::1111]/hooks",
    "https://1e100.net/",
    "https://0x7f.example/",
]

# Both with loopback allowed and without.
NEVER = [
    # not https, not absolute, not a URL
    "http://example.com/hooks",
    "http://8.8.8.8:8080/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com/hooks",
    "example.com/hooks",
    "/hooks",
    "https:example.com",
    "https:///hooks",
    "https://",
    "",
    "https://[::1",
    "https://[example.com]/",
    "https://[8.8.8.8]/",
    "https://x[2606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111]x/",
    # a name and a password
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@127.0.0.1/",
    "https://@example.com/",
    "http://user@localhost:8080/",
    # spelled to be read differently by different readers
    "https://exa\tmple.com/",
    "https://example.com/\r\nX-Injected: 1",
    " https://example.com/",
    "https://example.com /",
    "https://example.com\\@127.0.0.1/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://b\u00fccher.example/",
    "https://example.com/\ud800",
    "https://127%2e0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://example..com/",
    "https://-example.com/",
    "https://exa$mple.com/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 127 + "com/",
    "https://example.com/" + "a" * 2048,
    # ports
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:port/",
    "https://example.com:-1/",
    "https://example.com:80:90/",
    # internal names
    "https://localhost/",
    "https://localhost:8443/",
    "https://LOCALHOST/",
    "https://app.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://localhost.localdomain/",
    "https://intranet/",
    "https://localhost./",
    "https://example.com./",
    # IPv4 that is not public
    "https://127.0.0.1/",
    "https://127.0.0.1:8080/",
    "https://127.255.255.254/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://168.63.129.16/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    # the same in other spellings
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0X7F.0.0.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1./",
    "https://127.0.0.1../",
    "https://0/",
    "https://0x/",
    "https://08.8.8.8/",
    "https://134744072/",
    "https://1.2.3.4.5/",
    "https://256.1.1.1/",
    "https://example.123/",
    # IPv6 that is not public, or that wraps an IPv4 address
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::808:808]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700:4700::1111%25eth0]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[ff02::1]/",
    "https://[ff0e::1]/",
    "https://[100::1]/",
    "https://[::ffff:0:127.0.0.1]/",
    # loopback over http, but not as M64 has it
    "http://127.0.0.1/",
    "http://localhost/hooks",
    "http://localhost:80/",
    "http://127.0.0.1:1023/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.2:8080/",
    "http://[::1]:8080/",
    "http://[127.0.0.1]:8080/",
    "http://0.0.0.0:8080/",
    "http://127.1:8080/",
    "http://2130706433:8080/",
    "http://localhost.:8080/",
    "http://app.localhost:8080/",
    "http://192.168.1.1:8080/",
    "http://169.254.169.254:8080/",
    "ws://localhost:8080/",
]

LOOPBACK = [
    "http://127.0.0.1:1024/",
    "http://127.0.0.1:8080/hooks?x=1",
    "http://localhost:65535",
    "http://LocalHost:8080/",
]


def resolver_to(*addresses: str) -> Resolver:
    async def answer(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return answer


@pytest.mark.parametrize("allow_loopback", [False, True])
@pytest.mark.parametrize("url", PUBLIC)
def test_public_https_may_be_registered(url: str, *, allow_loopback: bool) -> None:
    assert check_url(url, allow_loopback=allow_loopback) is None


@pytest.mark.parametrize("allow_loopback", [False, True])
@pytest.mark.parametrize("url", NEVER, ids=ascii)
def test_anything_else_is_refused_with_a_reason(url: str, *, allow_loopback: bool) -> None:
    reason = check_url(url, allow_loopback=allow_loopback)
    assert reason is not None
    assert "webhook URL" in reason


@pytest.mark.parametrize("url", LOOPBACK)
def test_a_tests_own_receiver_is_allowed_only_where_that_is_switched_on(url: str) -> None:
    assert check_url(url, allow_loopback=True) is None
    assert check_url(url, allow_loopback=False) is not None


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://Example.com", "example.com", 443, "/", "example.com"),
        ("https://example.com:/a", "example.com", 443, "/a", "example.com"),
        ("https://example.com:8443/a?b=%2F#c", "example.com", 8443, "/a?b=%2F", "example.com:8443"),
        ("https://example.com?b", "example.com", 443, "/?b", "example.com"),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443, "/", "[2606:4700:4700::1111]"),
        ("http://localhost:8080/a", "localhost", 8080, "/a", "localhost:8080"),
    ],
)
def test_a_url_is_taken_apart_once(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = parse(url, allow_loopback=True)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1%eth0", "64:ff9b::10.0.0.1", "::ffff:8.8.8.8", "", "x"]
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


class TestResolving:
    public = Target("https", "hooks.example.com", 443, "/", loopback=False)
    local = Target("http", "localhost", 8080, "/", loopback=True)

    def test_all_addresses_of_a_public_name_are_given_in_their_order(self) -> None:
        found = asyncio.run(safe_addresses(self.public, resolver_to("2606:4700::1", "8.8.8.8")))
        assert found == ("2606:4700::1", "8.8.8.8")

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
    def test_one_internal_address_among_public_ones_refuses_the_name(self, address: str) -> None:
        with pytest.raises(UnsafeAddressError, match="not a public address") as refusal:
            asyncio.run(safe_addresses(self.public, resolver_to("8.8.8.8", address)))
        assert f"hooks.example.com resolves to {address}" in str(refusal.value)

    def test_localhost_must_be_loopback(self) -> None:
        assert asyncio.run(safe_addresses(self.local, resolver_to("::1", "127.0.0.1"))) == ("::1", "127.0.0.1")
        with pytest.raises(UnsafeAddressError, match="not a loopback address"):
            asyncio.run(safe_addresses(self.local, resolver_to("127.0.0.1", "8.8.8.8")))

    def test_a_name_without_an_address_is_an_error(self) -> None:
        with pytest.raises(OSError, match=r"hooks\.example\.com has no address"):
            asyncio.run(safe_addresses(self.public, resolver_to()))

    def test_the_systems_resolver_gives_each_address_once(self) -> None:
        assert asyncio.run(resolve("127.0.0.1", 8080)) == ("127.0.0.1",)
