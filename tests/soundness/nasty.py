# ruff: noqa: RUF001 - characters that look like others are what programs trip over
"""Values that programs trip over, and ways to break what was whole. All of it from a seeded `random.Random`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any

NUMBERS: tuple[Any, ...] = (
    *(0, -0.0, -1, 1, 0.5, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**18, 10**19, 10**308),
    *(1e308, 5e-324, 1e16, 1.0, 100.0, -1e308, 10**400, 99999999999999999999.5),
)
TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "\t",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\x7f",
        "\x85",
        "\ud800",
        "\udfff",
        "\ud83d\ude00",
        "\x00",
    ),
    *(
        "a" * 256,
        "a" * 10_000,
        "\U0001f600" * 300,
        "e\u0301" * 200,
        "\u202eabc",
        "\u0665\u0665\u0665",
        "\ufb01",
        "İ",
        "ß",
        "ſ",
    ),
    *("null", "true", "NaN", "Infinity", "-0", "1e999", "0x10", "1_000", "٣", "[]", "{}", "undefined", "__proto__"),
    *("' OR 1=1 --", '";DROP TABLE records;--', "%", "_", "\\", "%00", "%s%s%n", "{0.__class__}", "${7*7}", "{{7*7}}"),
    *("<script>alert(1)</script>", "javascript:alert(1)", "../../etc/passwd", "\r\nX-Injected: 1", "\x1b[2J", "$(id)"),
    *("a@b", "@", "a@b@c.de", "a" * 64 + "@" + "b" * 190 + ".com", "ä@ö.de", "a b@c.de", "a@[127.0.0.1]", '"a b"@c.de'),
    *(
        "+",
        "+1",
        "0000000000",
        "9" * 400,
        "٩٨٧٦٥٤٣٢١٠",
        "98765 43210 ext 5",
        "+91-98765-43210",
        "1;ext=2",
        "9876543210\n",
    ),
    *(
        "2024-02-30T00:00:00Z",
        "0000-00-00",
        "9999-12-31T23:59:60Z",
        "2024-01-01T00:00:00+99:99",
        "10000-01-01T00:00:00Z",
    ),
    *("2024-01-01", "2024-01-01T24:00:00Z", "-1-01-01T00:00:00Z", "2024-01-01T00:00:00", "1e5", "2024-W01-1"),
    *(
        "http://[::1",
        "https://",
        "https://a.b:99999/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "http://169.254.169.254/",
    ),
    *(
        "https://a@b.example/",
        "https://2130706433/",
        "https://xn--/",
        "http://127.0.0.1:1/",
        "https://[fe80::1%25eth0]/",
    ),
    *("lead_", "wh_", "00000000-0000-0000-0000-000000000000", "c1.", "c1.AAAA", "created_at", "asc", "desc", "*", "."),
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"": None}, {"a": {"b": {"c": []}}}, ["a"] * 600)


def value(random: Random) -> Any:
    """Any JSON value, mostly of the unpleasant kind."""
    kind = random.random()
    if kind < 0.3:
        return random.choice(NUMBERS)
    if kind < 0.8:
        return text(random)
    if kind < 0.95:
        return random.choice(OTHERS)
    return _deep(random.choice((5, 31, 32, 33, 200, 2000)), random.choice(("[]", "{}")))


def text(random: Random) -> str:
    if random.random() < 0.2:
        return "".join(
            chr(random.choice((random.randrange(128), random.randrange(0x3000), random.randrange(0x110000))))
            for _ in range(random.randrange(30))
        )
    return random.choice(TEXTS)


def _deep(levels: int, kind: str) -> Any:
    nested: Any = 1
    for _ in range(levels):
        nested = [nested] if kind == "[]" else {"a": nested}
    return nested


def change(whole: Any, random: Random) -> Any:
    """The same JSON value with one of its nodes replaced, removed, doubled or renamed."""
    if not isinstance(whole, dict | list) or not whole or random.random() < 0.15:
        return value(random)
    if isinstance(whole, list):
        return _change_list(list(whole), random)
    return _change_object(dict(whole), random)


def _change_list(items: list[Any], random: Random) -> list[Any]:
    place = random.randrange(len(items))
    how = random.randrange(5)
    if how == 0:
        del items[place]
    elif how == 1:
        items += [items[place]] * random.choice((1, 2, 500))
    elif how == 2:
        items.insert(place, value(random))
    else:
        items[place] = change(items[place], random)
    return items


def _change_object(members: dict[str, Any], random: Random) -> dict[str, Any]:
    name = random.choice(list(members))
    how = random.randrange(6)
    if how == 0:
        del members[name]
    elif how == 1:
        members[text(random)] = value(random)
    elif how == 2:
        members[name + random.choice(("", " ", "\u0000", "2", "\ud800"))] = members.pop(name)
    elif how == 3:
        members.update({f"x{number}": None for number in range(random.choice((1, 300)))})
    else:
        members[name] = change(members[name], random)
    return members


def encoded(whole: Any, random: Random) -> bytes:
    """The value as JSON, as a rule; lone surrogates as escapes or as bytes that no UTF-8 has."""
    try:
        told = json.dumps(whole, ensure_ascii=random.random() < 0.5)
    except RecursionError:
        told = "[" * 3000 + "]" * 3000
    body = told.encode("utf-8", "surrogatepass")
    return random.choice(BREAKS)(body, random) if random.random() < 0.25 else body


def flipped(body: bytes, random: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(random.randint(1, 4)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def inserted(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body) + 1)
    piece = random.choice(
        (
            b"\x00",
            b"\xff",
            b"\xc0\x80",
            b"\xed\xa0\x80",
            b",",
            b"}",
            b'"',
            b"\\u",
            b"\\ud800",
            b"NaN",
            b"//",
            b"1e999",
            b"\xef\xbb\xbf",
            b"-",
            b"0" * 5000,
        )
    )
    return body[:place] + piece + body[place:]


BREAKS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flipped,
    flipped,
    inserted,
    inserted,
    lambda body, random: body[: random.randrange(len(body) + 1)],
    lambda *_: b"",
    lambda body, _: b"\xef\xbb\xbf" + body,
    lambda body, _: body.decode("utf-8", "replace").encode("utf-16"),
    lambda body, _: body.decode("utf-8", "replace").encode("utf-32"),
    lambda body, _: body.decode("utf-8", "replace").encode("latin-1", "replace"),
    lambda body, _: gzip.compress(body, 1),
    lambda body, _: body + body,
    lambda body, _: body[:-1] + b"," + body[1:] if body[:1] == b"{" else body + b",",
    lambda body, _: b" " * 100_000 + body,
    lambda body, _: b"[" * 100_000 + body,
    lambda body, _: b'{"a":' * 50_000 + body + b"}" * 50_000,
    lambda *_: b"9" * 5000,
    lambda _, random: random.randbytes(random.randrange(200)),
)
