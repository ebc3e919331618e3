"""A run as one HTML page that needs nothing else: for people who do not read terminals."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from ..rule import Verdict
from .result import Result, cited

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --good: #1a7f37; --bad: #cf222e; --open: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --open: #d29922 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
.verdict { font-size: 1.15rem; margin: .5rem 0 1rem } .kept { color: var(--good) } .broken { color: var(--bad) }
.not-checked { color: var(--open) } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right } code, pre { font: .85rem/1.5 ui-monospace, monospace }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
article { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 6px }
article { padding: .8rem 1rem; margin: 1rem 0 } article h3 { margin: 0; font-size: 1.05rem }
blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--line) }
small, .id { opacity: .75 } details summary { cursor: pointer; padding: .3rem 0 } .id { overflow-wrap: anywhere }
"""


def write_html(result: Result, path: Path) -> None:
    path.write_text("\n".join(_page(result)) + "\n", encoding="utf-8")


def _page(result: Result) -> Iterator[str]:
    title = f"{result.title}: {result.summary}"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{escape(result.title)} contract</h1>"
    yield f'<p class="verdict">{_headline(result)}</p>'
    strict = "assumed ones too" if result.level == "assumed" else "those that the vendor makes, no assumed ones"
    how, seed = ("Seen at", "") if result.seed is None else ("Tried on", f", seed {result.seed}")
    yield (
        f"<p>{how} <code>{escape(result.target)}</code>: {strict}. "
        f"{result.requests} requests in {result.seconds:.1f} seconds{seed}.</p>"
    )
    yield from _kinds(result)
    yield from _broken(result)
    yield from _all(result)
    yield "</body>\n</html>"


def _headline(result: Result) -> str:
    broken, kept = result.count("broken"), result.count("kept")
    if broken:
        promises = "promise is" if broken == 1 else "promises are"
        return f'<strong class="broken">{broken} {promises} broken</strong>, {kept} are kept.'
    if kept:
        return f'<strong class="kept">All {kept} promises that were tried are kept.</strong>'
    return '<strong class="not-checked">Nothing was tried.</strong>'


def _kinds(result: Result) -> Iterator[str]:
    yield "<h2>By kind</h2>\n<table>\n<tr><th>Kind</th>"
    yield '<th class="number">kept</th><th class="number">broken</th><th class="number">not checked</th></tr>'
    for kind in result.kinds:
        own = [one.status for one in result.verdicts if one.rule.kind == kind]
        numbers = "".join(
            f'<td class="number {status if own.count(status) else ""}">{own.count(status)}</td>'
            for status in ("kept", "broken", "not-checked")
        )
        yield f"<tr><td>{escape(kind)}</td>{numbers}</tr>"
    yield "</table>"


def _broken(result: Result) -> Iterator[str]:
    broken = list(result.those("broken"))
    if not broken:
        return
    yield "<h2>Broken promises</h2>"
    if result.needed:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in ("URL", *result.needed))
        yield f"<p><small>To repeat the requests, set in the shell: {names}.</small></p>"
    for one in broken:
        yield f"<article>\n<h3>{escape(one.rule.says)}</h3>\n<div class=id><code>{escape(one.rule.id)}</code></div>"
        yield f"<blockquote>{escape(cited(one.rule.source))}</blockquote>\n<p>{escape(_sentence(one))}</p>"
        if one.curl:
            yield f"<pre>{escape(chr(10).join(one.curl))}</pre>"
        yield "</article>"


def _sentence(verdict: Verdict) -> str:
    return verdict.detail[:1].upper() + verdict.detail[1:]


def _all(result: Result) -> Iterator[str]:
    yield "<h2>Every promise</h2>"
    for kind in result.kinds:
        own = [one for one in result.verdicts if one.rule.kind == kind]
        yield f"<details>\n<summary>{escape(kind)} ({len(own)})</summary>\n<table>"
        for one in own:
            reason = f"<br><small>{escape(one.detail)}</small>" if one.status == "not-checked" else ""
            status = one.status.replace("-", " ")
            yield (
                f'<tr><td class="{one.status}">{status}</td><td>{escape(one.rule.says)}{reason}<br>'
                f'<small class="id">{escape(one.rule.id)}</small></td>'
                f"<td><small>{escape(one.rule.level)}</small></td></tr>"
            )
        yield "</table>\n</details>"
