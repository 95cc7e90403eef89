"""The SQLite file of a ledger: how it is made, opened and verified, and its errors as messages for users."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path

from hyperborn.backends.jobs.ledger.jobs import COLUMNS
from hyperborn.errors import UserError
from hyperborn.storage import formats, write_file

APPLICATION = 0x48594C47
"""The application id in the file's header: "HYLG"."""

BUSY_SECONDS = 10.0
"""Longest wait for a reader's lock."""

REMEDY = "restore it from a copy (the file was not changed); without it, shots would be paid for again"

SCHEMA = f"""
    PRAGMA application_id = {APPLICATION};
    PRAGMA user_version = {formats.LEDGER.version};
    CREATE TABLE run (name, max_shots, max_jobs, max_seconds, digest);
    CREATE TABLE jobs (number INTEGER PRIMARY KEY, {", ".join(COLUMNS[1:])});
    CREATE UNIQUE INDEX one_job_a_tag ON jobs (tag) WHERE state <> 'duplicate';
    CREATE TABLE counts (number INTEGER PRIMARY KEY, data BLOB);
"""


def create(path: Path, run: tuple[object, ...]) -> None:
    """Write a new ledger with its row about the run; the file is complete or absent.

    Raises:
        UserError: if it cannot be written.
    """
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():
        # SQLite would apply it to the new file.
        raise UserError(f"{journal} belongs to a ledger that is gone; put {path.name} back, or move the journal away")
    database = sqlite3.connect(":memory:")
    fill(database, run)
    write_file(path, database.serialize())
    database.close()


def fill(database: sqlite3.Connection, run: tuple[object, ...]) -> None:
    """Make the tables of a new ledger."""
    database.executescript(SCHEMA)
    database.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?)", run)
    database.commit()


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """The database in an existing file, with every page verified.

    Even for reading the file is opened for writing, if the system allows that: SQLite can then roll back a transaction
    of a process that was killed.

    Raises:
        UserError: if the file is locked, damaged, not a ledger, or cannot be opened.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist; name the folder of a run that has asked a backend for shots")
    with sqlite_errors_explained(path):
        return _connected(path, writable)


def _connected(path: Path, writable: bool) -> sqlite3.Connection:
    # With isolation_level None the code begins and ends transactions itself.
    address = f"{path.absolute().as_uri()}?mode=rw"
    database = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        database.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")
        # A foreign file may hold code that SQLite would run: endless views, triggers, computed columns.
        database.execute("PRAGMA trusted_schema = OFF")
        names = ("application_id", "user_version")
        application, version = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        is_ours = application == APPLICATION
        if is_ours and version == formats.LEDGER.version and schema_of(database) != expected_schema():
            raise damaged(path, "its tables are not those of a ledger")
        # An index without one of the rows would cause a job to be sent twice. Only the full check finds that.
        (problem,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if problem != "ok":
            raise damaged(path, " ".join(problem.split()))
        if not is_ours:
            raise UserError(f"{path} is no ledger of hyperborn; {REMEDY}")
        formats.check_version(version, formats.LEDGER, path)
        if writable:
            # One file, with a journal during writes only, and without shared memory, which network drives lack.
            database.execute("PRAGMA journal_mode = DELETE")
            # EXTRA also syncs the folder after the journal is deleted; otherwise a commit may be undone.
            database.execute("PRAGMA synchronous = EXTRA")
    except BaseException:
        database.close()
        raise
    return database


def schema_of(database: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Kind, name and definition of every object in a database."""
    found = database.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY name").fetchmany(100)
    return [(kind, name, " ".join(definition.split())) for kind, name, definition in found]


@lru_cache(maxsize=1)
def expected_schema() -> list[tuple[str, str, str]]:
    """The objects of a ledger."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        return schema_of(database)


@contextmanager
def transaction(database: sqlite3.Connection, path: Path | None) -> Iterator[None]:
    """A transaction: either everything inside the block is written, or no part of it.

    Raises:
        UserError: if the file cannot be written.
    """
    with sqlite_errors_explained(path):
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


@contextmanager
def sqlite_errors_explained(path: Path | None) -> Iterator[None]:
    """Translate errors of SQLite inside the block into a `UserError` with the file and the remedy."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise damaged(path, "text that is not UTF-8") from error
    except sqlite3.Error as error:
        # The error of invalid text has no name.
        name, place = getattr(error, "sqlite_errorname", "SQLITE_CORRUPT"), path or "the ledger in memory"
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
            raise
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            message = f"{place} is locked by another process; wait for it, or stop it, and try again"
        elif name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or name == "SQLITE_ERROR":
            raise damaged(path, str(error)) from error
        elif name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            message = f"cannot write {place}: {error}; free some space, or repair the disk, and try again"
        elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            message = f"cannot open or write {place}: {error}; change the permissions of the file and its folder"
        else:
            raise
        raise UserError(message) from error


def damaged(path: Path | None, reason: str) -> UserError:
    """The error for a ledger that is not as it was written."""
    return UserError(f"{path or 'the ledger in memory'} is damaged ({reason}); {REMEDY}")
