"""What it all ran on."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.servers import PEERS, SERVING
from mockserver import __version__

_PEERS = ("@stoplight/prism-cli", "@mockoon/cli", "wiremock", "openapi-backend", "fastify")
_LIBRARIES = ("uvicorn", "httptools", "uvloop", "connexion", "schemathesis", "httpx", "respx")


def described() -> dict[str, str]:
    """Names and values, without a date, a host name or a path. `load`: of the last minute."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "load at the start": f"{os.getloadavg()[0]:.1f} in the last minute",
        "leadmock": __version__,
        "Python": f"{platform.python_version()}, {_origin()}, with "
        + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "leadmock's environment": "as make serve makes it" if SERVING.exists() else "with all that its tests need",
        "Node.js": _said("node", "--version").removeprefix("v"),
        "Java": _found(r'version "([^"]+)"', _said("java", "-version")),
        "wrk": _found(r"wrk \S*?(\d\S*)", _said("wrk", "-v")),
        "peers": ", ".join(f"{name} {_peer(name)}" for name in _PEERS),
    }


def _origin() -> str:
    """Whose build: one without the compiler's optimisations by profile makes everything in Python a fifth slower."""
    if sys.base_prefix != "/usr":
        return "not the system's own"
    return f"of {platform.freedesktop_os_release()['PRETTY_NAME']}"


def _cpu() -> str:
    return _found(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text("utf-8"))


def _peer(name: str) -> str:
    package = PEERS / "node_modules" / name / "package.json"
    if not package.exists():
        return "(not installed)"
    found: str = json.loads(package.read_text("utf-8"))["version"]
    return found


def _said(*command: str) -> str:
    """What a program prints, whichever stream it prints it to."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the commands above
    except OSError:
        return "(not installed)"
    return (done.stdout + done.stderr).strip()


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "(unknown)"
