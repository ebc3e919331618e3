"""Where a webhook may go: the public internet over https, or a test's own receiver on loopback (M64).

A URL is judged twice. At registration by its spelling alone (case 169); at each delivery also by what its
name resolves to, and the connection is then made to an address that was judged, so that a name cannot
change its mind in between.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

MAX_URL_LENGTH = 2048
MIN_LOOPBACK_PORT = 1024
_HTTPS_PORT = 443
_MAX_NAME_LENGTH = 253

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\](?::[0-9]*)?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INTERNAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa")
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost")
# What `ipaddress` calls global in some releases of Python and not in others, or that wraps an IPv4 address.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # public by number, and every Azure machine's own platform by fact
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class UnsafeAddressError(ValueError):
    """The URL, or an address that its name resolves to, is no place for a webhook. str() is the reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed the check. `path` includes the query; `loopback`: one of the two forms of M64."""

    scheme: str
    host: str
    port: int
    path: str
    loopback: bool

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.scheme == "https" and self.port == _HTTPS_PORT else f"{host}:{self.port}"


def check_url(url: str, *, allow_loopback: bool) -> str | None:
    """None when the URL may be registered, else the reason why not, as a sentence for the caller."""
    try:
        parse(url, allow_loopback=allow_loopback)
    except UnsafeAddressError as refusal:
        return str(refusal)
    return None


def parse(url: str, *, allow_loopback: bool) -> Target:
    """The URL taken apart. UnsafeAddressError unless it is public https or, where allowed, in M64's forms."""
    parts = _split(url)
    host = parts.hostname or ""
    port = _port(parts)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if allow_loopback and parts.scheme == "http" and host in _LOOPBACK_HOSTS:
        if port is None or port < MIN_LOOPBACK_PORT:
            raise UnsafeAddressError(f"a webhook URL on loopback needs a port of {MIN_LOOPBACK_PORT} or more")
        return Target("http", host, port, path, loopback=True)
    if parts.scheme != "https":
        raise UnsafeAddressError("the webhook URL must start with https://")
    _check_host(host)
    return Target("https", host, _HTTPS_PORT if port is None else port, path, loopback=False)


def is_public(address: str) -> bool:
    """Whether an IP address in its canonical spelling is one of the public internet. Malformed: False."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return _is_public(ipaddress.IPv4Address(ip.packed[-4:]))
        if ip.scope_id is not None or ip not in _GLOBAL_UNICAST_V6:
            return False
    return _is_public(ip)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the system's order of preference. OSError when it has none.

    In a thread of its own that nobody waits for: the loop's own look-ups stand in a queue behind those of names whose
    servers are silent, and keep the loop from closing until the last has given up.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Sequence[str]] = loop.create_future()

    def tell(addresses: Sequence[str], error: OSError | UnicodeError | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(addresses)
        else:
            done.set_exception(error)

    def look_up() -> None:
        addresses: Sequence[str] = ()
        failure: OSError | UnicodeError | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        except (OSError, UnicodeError) as error:
            failure = error
        # The loop may have been closed meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, addresses, failure)

    threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True).start()
    return await done


async def safe_addresses(target: Target, resolver: Resolver = resolve) -> tuple[str, ...]:
    """The addresses to connect to. UnsafeAddressError if a single one is out of bounds, OSError if none."""
    addresses = tuple(await resolver(target.host, target.port))
    if not addresses:
        raise OSError(f"{target.host} has no address")
    for address in addresses:
        allowed = _is_loopback(address) if target.loopback else is_public(address)
        if not allowed:
            wanted = "loopback" if target.loopback else "public"
            raise UnsafeAddressError(f"{target.host} resolves to {address}, which is not a {wanted} address")
    return addresses


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH:
        raise UnsafeAddressError(f"the webhook URL must not be longer than {MAX_URL_LENGTH} characters")
    # urlsplit drops tabs and line ends, and some read "\" as "/": what is judged must be what is used.
    if not all("!" <= character <= "~" for character in url) or "\\" in url:
        raise UnsafeAddressError("the webhook URL must be plain ASCII without spaces or backslashes")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise UnsafeAddressError("the webhook URL cannot be read as a URL") from None
    if "@" in parts.netloc:
        raise UnsafeAddressError("the webhook URL must not contain a user name or password")
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        raise UnsafeAddressError("the host of the webhook URL is not an IPv6 address")
    if not host:
        raise UnsafeAddressError("the webhook URL must name a host, such as https://example.com/hooks")
    return parts


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UnsafeAddressError("the port of the webhook URL must be a number from 1 to 65535")
    return port


def _check_host(host: str) -> None:
    if ":" in host:
        _check_literal(host)
        return
    if host.endswith("."):
        raise UnsafeAddressError("the host of the webhook URL must not end in a dot")
    labels = host.split(".")
    # Resolvers read 2130706433, 0x7f.1, 0177.0.0.1 as 127.0.0.1: so a last number means an address.
    if _NUMBER.fullmatch(labels[-1]):
        _check_literal(host)
        return
    if len(host) > _MAX_NAME_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnsafeAddressError("the host of the webhook URL is not a host name")
    if len(labels) == 1 or any(host == name or host.endswith(f".{name}") for name in _INTERNAL_NAMES):
        raise UnsafeAddressError(f"the webhook URL must be public: {host} is an internal name")


def _check_literal(host: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise UnsafeAddressError(f"the host of the webhook URL is no plain IP address: {host}") from None
    if not is_public(host):
        raise UnsafeAddressError(f"the webhook URL must be public: {host} is an internal address")


def _is_public(ip: IPAddress) -> bool:
    if any(ip in network for network in _NEVER_PUBLIC):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
