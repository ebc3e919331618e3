"""The dashboard at /_mock/: static files that call the control plane from the browser, and nothing from afar."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mockserver.control import PREFIX

_FOLDER = Path(__file__).parent / "static"
# Not asked of the system, whose answer depends on the machine: a script of another type is not run.
_MEDIA_TYPES = MappingProxyType(
    {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
)
_HEADERS = MappingProxyType(
    {
        "Cache-Control": "no-cache",
        # What a lead, a path or a header holds is shown as text; should it ever come to be more, it still does not run.
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)


def dashboard_routes() -> list[Route]:
    """The page and its files. They hold no state and no secret, so they are for everybody; what they call is not."""
    files = {path.name: path for path in _FOLDER.iterdir() if path.suffix in _MEDIA_TYPES}

    async def page(request: Request) -> Response:
        # A route also fits with a line end behind it.
        at_its_place = request.scope["path"] == f"{PREFIX}/"
        if not at_its_place:
            text = f"The page is at {PREFIX}/"
            problem = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": text}
            return JSONResponse(problem, 404, media_type="application/problem+json")
        return _file(files["index.html"])

    async def file(request: Request) -> Response:
        path = files.get(request.path_params["name"])
        return Response(status_code=404) if path is None else _file(path)

    async def to_page(_request: Request) -> Response:
        return RedirectResponse(f"{PREFIX}/")

    return [
        Route(PREFIX, to_page),
        Route(f"{PREFIX}/", page),
        Route(f"{PREFIX}/dashboard/{{name}}", file),
    ]


def _file(path: Path) -> Response:
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers=dict(_HEADERS))
