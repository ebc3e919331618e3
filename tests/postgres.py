"""A PostgreSQL of the tests' own: a private cluster behind a socket in a temporary directory, gone afterwards."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg

_START_SECONDS = 60
# The machine will not fail while tests run: nothing has to reach the disk.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
_numbers = count(1)


class Cluster:
    """One server process with its data; `stop` and `start` as often as wanted, `remove` at the end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="leadmock-postgres-"))
        # PostgreSQL refuses to run as root: then it runs as the user who owns nothing.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        command = ["initdb", "--pgdata", "data", "--username=leadmock", "--auth=trust", "--encoding=UTF8"]
        self._run([*command, "--no-locale", "--no-sync"])
        self.start()

    def url(self, database: str = "postgres", user: str = "leadmock", **options: str) -> str:
        asked = "".join(f"&{name}={quote(value)}" for name, value in options.items())
        return f"postgresql://{user}@/{database}?host={quote(str(self._folder))}{asked}"

    def fresh(self) -> str:
        """The address of an empty schema of its own: tests that use it do not meet."""
        name = f"fresh_{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {name}")
        return self.url(options=f"-csearch_path={name}")

    def execute(self, statement: str, **where: str) -> list[tuple[object, ...]]:
        """Run one statement, and give its rows."""
        with psycopg.connect(self.url(**where), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", "data", "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), *place, *settings],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it.
            )
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """At once: whoever is connected loses the connection."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            [_program(command[0]), *command[1:]],
            cwd=self._folder,
            capture_output=True,
            text=True,
            user=self._user,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@cache
def cluster() -> Cluster:
    """The one of this process, started when it is first asked for."""
    started = Cluster()
    atexit.register(started.remove)
    return started


def database_of(state: str, folder: Path) -> str | None:
    """A fresh one of this kind, "memory", "sqlite" or "postgres", as settings name it; a file goes into `folder`."""
    if state == "postgres":
        return cluster().fresh()
    return str(folder / "state.sqlite3") if state == "sqlite" else None


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is not None:
        return found
    # Debian keeps them out of the path, a folder for each version.
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    assert installed, f"the tests need PostgreSQL, and there is no {name}: run scripts/tools.sh"
    return str(installed[-1])
