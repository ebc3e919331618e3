"""What a browser sees: a landing page, and Swagger UI for each contract with the demo credential filled in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import shlex
from collections.abc import Mapping
from typing import Any

import swagger_ui_bundle
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mockserver.contract.model import Contract, Source
from mockserver.control import PREFIX
from mockserver.engine.access import Directory
from mockserver.engine.call import Credential

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
section { border: 1px solid #8884; border-radius: .5rem; padding: .25rem 1.25rem 1rem; margin: 1.25rem 0 }
code, pre { font: 14px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; background: #8881; padding: .75rem; border-radius: .25rem }
dt { font-weight: 600 }
dd { margin: 0 0 .5rem }
"""
_SWAGGER_STYLE = "nav { padding: .75rem 1.25rem }"
_SWAGGER_FILES = frozenset(("swagger-ui.css", "swagger-ui-bundle.js"))
# Of pages without a script, too: what a header or a specification holds is shown, and does not run.
_POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_CONTROL = (
    "<section><h2>Control plane</h2><p>Look into the mock, rewind it, break it on purpose.</p>"
    f'<p><a href="{PREFIX}/">Dashboard</a>: requests as they arrive, and what became of them</p>'
    f'<p><a href="{PREFIX}/docs/control/">Documentation of the control plane</a></p></section>'
)


def docs_app(contracts: Mapping[str, Contract], directories: Mapping[str, Directory]) -> Starlette:
    """The application behind the pipeline: every path that belongs to no vendor."""
    shown = {name: next(iter(directory)) for name, directory in directories.items()}
    routes: list[Route | Mount] = [Route("/", _landing(contracts, shown))]
    for name, contract in contracts.items():
        page = f"{PREFIX}/docs/{name}"
        routes += [
            Route(page, _redirect(page + "/")),
            Route(page + "/", _swagger_page(contract, shown[name])),
            Route(page + "/openapi.json", _spec(contract, shown[name])),
        ]
    static = _Static(directory=swagger_ui_bundle.swagger_ui_path)
    routes.append(Mount(f"{PREFIX}/static", static))
    app = Starlette(routes=routes, exception_handlers={404: _nothing_here(contracts)})
    # A path with a slash too many is another path.
    app.router.redirect_slashes = False
    return app


def credential_headers(contract: Contract, credential: Credential) -> dict[str, str]:
    """The headers that make a request one of this credential's, in the documented form."""
    scheme = next(iter(contract.security.values()))
    value = f"Bearer {credential.secret}" if scheme.kind == "bearer" else credential.secret
    headers = {scheme.header: value}
    if contract.tenancy.header:
        headers[contract.tenancy.header] = credential.tenant.id
    return headers


def example_curl(contract: Contract, credential: Credential, origin: str) -> str:
    """One line of curl that creates a record, from the first example of the contract's first create."""
    operation = next(op for op in contract.operations.values() if op.record_action == "create")
    content = operation.raw["requestBody"]["content"]["application/json"]
    body = next(iter(content["examples"].values()))["value"]
    headers = {**credential_headers(contract, credential), "Content-Type": "application/json"}
    # The origin may be what a page from elsewhere was called by: it must be one word of a shell, whatever it holds.
    parts = [f"curl -X {operation.method} {shlex.quote(origin + contract.base_path + operation.path)}"]
    parts += [f"-H '{name}: {value}'" for name, value in headers.items()]
    quoted = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
    return " ".join([*parts, f"-d '{quoted}'"])


def _landing(contracts: Mapping[str, Contract], shown: Mapping[str, Credential]) -> Any:
    async def landing(request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        sections = "".join(_section(contracts[name], shown[name], origin) for name in contracts)
        title = "A local twin of " + ", ".join(contract.title for contract in contracts.values())
        body = f"<h1>leadmock</h1><p>{html.escape(title)}.</p>{sections}{_CONTROL}"
        return _response(_page("leadmock", body, _STYLE), f"{_POLICY}; style-src {_hash(_STYLE)}")

    return landing


def _section(contract: Contract, credential: Credential, origin: str) -> str:
    headers = credential_headers(contract, credential).items()
    lines = "".join(f"<dd><code>{html.escape(f'{name}: {value}')}</code></dd>" for name, value in headers)
    return (
        f"<section><h2>{html.escape(contract.title)}</h2><dl>"
        f"<dt>Base URL</dt><dd><code>{html.escape(origin + contract.base_path)}</code></dd>"
        f"<dt>Demo credential</dt>{lines}</dl>"
        f"<pre>{html.escape(example_curl(contract, credential, origin))}</pre>"
        f'<p><a href="{PREFIX}/docs/{contract.name}/">Documentation, with "try it out"</a></p></section>'
    )


def control_docs(document: dict[str, Any]) -> list[Route]:
    """The documentation of the mock's own control plane."""
    page = f"{PREFIX}/docs/control"

    async def spec(_request: Request) -> Response:
        return JSONResponse(document)

    return [
        Route(page, _redirect(page + "/")),
        Route(page + "/", _page_of("Control plane", None)),
        Route(page + "/openapi.json", spec),
    ]


def _swagger_page(contract: Contract, credential: Credential) -> Any:
    return _page_of(contract.title, [next(iter(contract.security)), credential.secret])


def _page_of(title: str, credential: list[str] | None) -> Any:
    """Swagger UI for the openapi.json beside it, with a credential filled in where there is one."""
    # "</" would end the script element.
    authorize = "" if credential is None else json.dumps(credential).replace("</", "<\\/")
    on_complete = f"onComplete: () => ui.preauthorizeApiKey(...{authorize})," if authorize else ""
    static = f"{PREFIX}/static"
    script = f"""
const ui = SwaggerUIBundle({{
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  tryItOutEnabled: true, defaultModelsExpandDepth: 0, displayRequestDuration: true,
  {on_complete}
}});
"""
    body = f"""<nav><a href="/">leadmock: all APIs</a></nav>
<link rel="stylesheet" href="{static}/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="{static}/swagger-ui-bundle.js"></script>
<script>{script}</script>"""
    text = _page(f"{title} · leadmock", body, _SWAGGER_STYLE)
    policy = (
        f"{_POLICY}; style-src 'self' {_hash(_SWAGGER_STYLE)}; script-src 'self' {_hash(script)}; connect-src 'self'"
    )

    async def swagger_page(_request: Request) -> Response:
        return _response(text, policy)

    return swagger_page


def _spec(contract: Contract, credential: Credential) -> Any:
    async def spec(_request: Request) -> Response:
        return JSONResponse(_shown_document(contract, credential))

    return spec


def _shown_document(contract: Contract, credential: Credential) -> dict[str, Any]:
    """The contract's document for a browser: this server, this tenant, where each operation comes from."""
    document: dict[str, Any] = json.loads(json.dumps(contract.document))  # YAML aliases become copies.
    # This server first, so that "try it out" talks to the mock and not to the vendor.
    local = {"url": contract.base_path, "description": "This mock server"}
    document["servers"] = [local, *document["servers"]]
    if contract.tenancy.header:
        _show_tenant(document, contract.tenancy.header, credential.tenant.id)
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                _tell_source(operation, contract.operations[operation["operationId"]].source)
            if isinstance(operation, dict) and "requestBody" in operation:
                _start_with_first_example(operation["requestBody"]["content"])
    return document


def _tell_source(operation: dict[str, Any], source: Source) -> None:
    """Where the operation comes from, as the last paragraph of its description."""
    place = source.document or source.page or source.decision
    told = f"**{source.level}** ({place})" if place else f"**{source.level}**"
    operation["description"] = f"{operation['description'].rstrip()}\n\n{told}: “{source.text}”"


def _start_with_first_example(content: dict[str, Any]) -> None:
    """Swagger UI fills its form with a sample made from the schema, unless the schema itself has an example."""
    for media in content.values():
        if "examples" in media:
            first = next(iter(media["examples"].values()))["value"]
            media["schema"] = {"allOf": [media["schema"]], "example": first}


def _show_tenant(node: Any, header: str, tenant_id: str) -> None:
    """Make the demo tenant the example of the tenancy header, wherever it is declared."""
    if isinstance(node, list):
        for child in node:
            _show_tenant(child, header, tenant_id)
    elif isinstance(node, dict):
        if node.get("in") == "header" and str(node.get("name", "")).lower() == header.lower():
            node.pop("examples", None)
            node["example"] = tenant_id
        for child in node.values():
            _show_tenant(child, header, tenant_id)


def _redirect(target: str) -> Any:
    async def redirect(_request: Request) -> Response:
        return RedirectResponse(target)

    return redirect


def _nothing_here(contracts: Mapping[str, Contract]) -> Any:
    bases = {contract.name: contract.base_path for contract in contracts.values()}

    async def nothing_here(request: Request, _error: Exception) -> Response:
        text = f"There is nothing at {request.url.path[:200]}; the APIs are at the addresses below"
        return JSONResponse({"error": text, "apis": bases}, status_code=404)

    return nothing_here


class _Static(StaticFiles):
    """Of Swagger UI what the pages here need; its own page asks for a specification from afar."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if path in _SWAGGER_FILES else ("", None)


def _response(text: str, policy: str) -> Response:
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return HTMLResponse(text, headers=headers)


def _hash(text: str) -> str:
    """How a policy names the one style or script that it lets in."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _page(title: str, body: str, style: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title><style>{style}</style><body>{body}</body></html>"
    )
