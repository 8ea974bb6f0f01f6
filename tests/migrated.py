"""A database with every migration applied, made once and copied for each worker; kept until a migration changes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from django.apps import apps
from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "migrated_"
# One at a time makes it; whoever comes meanwhile finds it made.
LOCK = 0x6D696772
# What migrations read beside themselves.
SOURCES = (
    "credit_portal/audit/migrating.py",
    "credit_portal/deadlines/holiday_notices.py",
    "credit_portal/deadlines/notices",
    "verification/frozen_rows.py",
    ".locks/*.txt",
)


def fingerprint() -> str:
    """Of everything that decides what an empty database becomes."""
    files = {path for app in apps.get_app_configs() for path in Path(app.path).glob("migrations/*.py")}
    for pattern in SOURCES:
        for path in ROOT.glob(pattern):
            files |= {path} if path.is_file() else {one for one in path.rglob("*") if one.is_file()}
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix != ".pyc"):
        digest.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]


@contextmanager
def _server() -> Iterator["psycopg2.extensions.cursor"]:
    server = psycopg2.connect(**connection.get_connection_params())
    try:
        server.autocommit = True
        with server.cursor() as cursor:
            yield cursor
    finally:
        server.close()


def template() -> str:
    """Its name, for `CREATE DATABASE … TEMPLATE`; those of other migrations are dropped."""
    name = PREFIX + fingerprint()
    with _server() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        there = {row[0] for row in cursor.fetchall()}
        if name in there:
            return name
        for old in there:
            cursor.execute(f'DROP DATABASE "{old}"')
        # Complete, or not there under its name at all.
        half = f"{PREFIX}half"
        cursor.execute(f'CREATE DATABASE "{half}"')
        _migrate(half)
        cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    return name


def _migrate(database: str) -> None:
    given = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = given
