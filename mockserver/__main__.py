"""`python -m mockserver`, and the `leadmock` command."""

from __future__ import annotations

import sys

from mockserver.cli import main


def run() -> int:
    """The command, with the arguments of this process."""
    return main()


if __name__ == "__main__":
    sys.exit(run())
