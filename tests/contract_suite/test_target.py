"""Target files: what they say is understood, and what is wrong with one is told with its place and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract_tests.target import Credential, Listening, TargetError, load

GOOD = """
[mega]
url = "http://127.0.0.1:9700/x/mega/"
[[mega.credentials]]
name = "full"
token = "mega_1"
tenant = "c1"
scopes = ["public_api:leads:read"]
unlimited = true
[[mega.credentials]]
token = "mega_2"
limits = {per_minute = 60, bulk_per_minute = 10}
[mega.facts]
stages = ["new"]
[webhooks]
listen = "127.0.0.1:8099"
url_host = "host.docker.internal"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "target.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_target_file_says_where_who_and_what(tmp_path: Path) -> None:
    target = load(write(tmp_path, GOOD), "mega")
    assert target.url == "http://127.0.0.1:9700/x/mega"
    assert target.credentials == (
        Credential("full", "mega_1", "c1", frozenset(["public_api:leads:read"]), unlimited=True),
        Credential("key 2", "mega_2", limits={"per_minute": 60, "bulk_per_minute": 10}),
    )
    assert target.facts == {"stages": ["new"]}
    assert target.webhooks == Listening("127.0.0.1", 8099, "host.docker.internal")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[mega]", "[mega", "is not valid TOML"),
        (GOOD, "[salesiq]\nurl = 'http://x'", "has no [mega] table (of the APIs, it has salesiq)"),
        ("[webhooks]", "[webhook]", "'webhook' is not known; did you mean webhooks?"),
        ("url =", "ulr =", "mega: 'ulr' is not known; did you mean url?"),
        ("http://127.0.0.1:9700/x/mega/", "127.0.0.1:9700", "mega.url: must be an http:// or https:// address"),
        ("scopes =", "scope =", "mega.credentials[0]: 'scope' is not known; did you mean scopes?"),
        ('token = "mega_2"', 'tenant = "x"', "mega.credentials[1]: needs one of token and api_key"),
        ("per_minute = 60", "per_second = 60", "limits: 'per_second' is not known; "),
        ("per_minute = 60", "per_minute = 0", "limits.per_minute: must be a whole number above 0, not 0"),
        ("unlimited = true", 'unlimited = "yes"', "unlimited must be true or false"),
        ("listen = ", "listen = 5 #", "webhooks.listen: must be HOST:PORT"),
    ],
)
def test_what_is_wrong_is_told_with_file_place_and_way_out(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(TargetError) as error:
        load(path, "mega")
    assert str(path) in str(error.value)
    assert told in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="there is no such file; write one with a \\[mega\\] table"):
        load(tmp_path / "none.toml", "mega")
