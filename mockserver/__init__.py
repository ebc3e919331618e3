"""leadmock: the contract of four lead-capture CRM APIs as code, and a mock server that keeps it."""

from __future__ import annotations

import warnings

# connexion imports Starlette's test client, which announces there a change that is none of our users' business.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")

__version__ = "0.1.0"
