"""Opening the database: in short turns for writing, locked down for reading."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuzzgen.errors import StorageError
from fuzzgen.store import schema

__all__ = ["reading", "writing"]

PATIENCE = 10.0  # seconds to wait for another process's turn


def _open(path: Path, *, read_only: bool, config: dict[str, str]) -> Any:
    import duckdb

    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            # absolute, since `md:x` or `sqlite:x` would have an extension fetched, and `:memory:` is kept nowhere
            return _on_disk(duckdb.connect(str(path.absolute()), read_only=read_only, config=config), path)
        except duckdb.IOException as error:
            text = str(error)
            if "Could not set lock" not in text:
                fix = "give --db the path of a fuzzgen database"
                if "No space" in text:
                    fix = "free some disk space; the journals have everything"
                raise StorageError(f"cannot open {path}: {text.splitlines()[0][:200]}", fix=fix) from None
            if time.monotonic() > give_up:
                holder = text[text.find("PID") :].split(")")[0] if "PID" in text else "another process"
                raise StorageError(f"{path} is locked by {holder}", fix="wait until it is done, or use --db") from None
            time.sleep(0.05 + 0.1 * random.random())
        except duckdb.Error as error:
            raise StorageError(
                f"{path} is not a database that can be used: {str(error).splitlines()[0][:200]}", fix="use another --db"
            ) from None


def _on_disk(connection: Any, path: Path) -> Any:
    """The connection, where what is written goes to the file: DuckDB takes a file of data for something to read."""
    sql = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    if connection.execute(sql).fetchone()[0] is None:
        connection.close()
        raise StorageError(f"{path} is a file of data", fix="give --db the path of a fuzzgen database")
    return connection


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Any]:
    """A connection that may write, of the newest schema. Keep the turn short. Raises StorageError."""
    import duckdb

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {path.parent}: {error.strerror}", fix="use another --db") from None
    connection = _open(path, read_only=False, config={})
    try:
        connection.execute("SET enable_progress_bar = false")  # it would write on the terminal
        schema.migrate(connection, path)
        yield connection
    except duckdb.Error as error:
        raise StorageError(
            f"{path}: {str(error).splitlines()[0][:300]}", fix="the journals have everything; mend it and resume"
        ) from None
    finally:
        connection.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Any]:
    """A connection that can read this database and nothing else: no files, no network, no settings."""
    if not path.exists():
        raise StorageError(f"there is no database at {path}", fix="run `fuzzgen explore` first, or give --db")
    config = {
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": "2GB",
        "max_temp_directory_size": "2GB",
        "threads": "2",
    }
    import duckdb

    connection = _open(path, read_only=True, config=config)
    try:
        if (version := schema.version_of(connection, path)) < len(schema.MIGRATIONS):
            connection.close()
            if not version:
                raise StorageError(f"{path} is no database of fuzzgen", fix="give --db the path of one")
            with writing(path):
                pass  # a database of an earlier release: brought up to date first
            connection = _open(path, read_only=True, config=config)
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    except duckdb.Error as error:
        raise StorageError(
            f"{path}: {str(error).splitlines()[0][:300]}", fix="use another --db, or rebuild it: `fuzzgen resume`"
        ) from None
    finally:
        connection.close()
