"""What a server sends after the head of an answer to HEAD. HTTP clients do not read it, so a socket does."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from .wire import Request

_SECONDS = 5.0
_END_OF_HEAD = b"\r\n\r\n"
_PORTS = {"http": 80, "https": 443}


def body_after_head(base: str, request: Request) -> bytes:
    """The bytes that follow the head of the answer; `base` as in `Wire`. Empty where nothing was answered."""
    url = urlsplit(base + request.path)
    target = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {url.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    sent = "\r\n".join(lines).encode() + _END_OF_HEAD
    try:
        with _connected(url.scheme, url.hostname or "", url.port or _PORTS[url.scheme]) as connection:
            connection.sendall(sent)
            return _all_of(connection).partition(_END_OF_HEAD)[2]
    except OSError:
        # Whether it answers at all, the client has seen.
        return b""


def _connected(scheme: str, host: str, port: int) -> socket.socket:
    plain = socket.create_connection((host, port), timeout=_SECONDS)
    if scheme == "http":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _all_of(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or says nothing more for a while."""
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except TimeoutError:
        pass
    return received
