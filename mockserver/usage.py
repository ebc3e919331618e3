"""What all commands know, and nothing that is slow to import."""

from __future__ import annotations

TOKEN_VARIABLE = "LEADMOCK_CONTROL_TOKEN"  # noqa: S105  # a name, not a token


class UsageError(Exception):
    """The command cannot do what it is asked; the text says why and what to do. Exit status 2."""
