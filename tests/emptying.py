"""After a test that commits: what it has stored goes, what migrations have brought stays.

Django empties every table and then brings back permissions and groups: one to two seconds a test. Here only the rows
that are there are deleted. Whatever is out of the ordinary (a shipped row changed, very many rows) is left to Django.
"""

from django.apps import apps
from django.db import connection, transaction

# More than this in one table is emptied faster than deleted row by row.
LARGE = 2_000_000


def guards(kinds: int) -> list[tuple[str, str]]:
    """Table and name of the triggers that refuse; `kinds`: 8 for DELETE, 32 for TRUNCATE."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgtype & %s <> 0",
            [kinds],
        )
        return cursor.fetchall()


class Shipped:
    """The rows that were there before the first test, by table."""

    def __init__(self) -> None:
        self.tables = sorted(
            model._meta.db_table
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        )
        self.rows = self._content(sorted(self._filled()))

    def _filled(self) -> set[str]:
        asked = " UNION ALL ".join(
            f"(SELECT '{name}' FROM {connection.ops.quote_name(name)} LIMIT 1)" for name in self.tables
        )
        with connection.cursor() as cursor:
            cursor.execute(asked)
            return {row[0] for row in cursor.fetchall()}

    def _content(self, names: list[str]) -> dict[str, str]:
        found = {}
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(
                    "SELECT md5(string_agg(row::text, '|' ORDER BY row::text))"
                    f" FROM {connection.ops.quote_name(name)} row"
                )
                found[name] = cursor.fetchone()[0]
        return found

    def put_back(self) -> bool:
        """Delete what tests have added. False, and nothing done, when that is not enough."""
        if self._content(list(self.rows)) != self.rows:
            return False
        names = sorted(self._filled() - set(self.rows))
        if not names:
            return True
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT max(pg_table_size(name::regclass)) FROM unnest(%s) name", [names])
            if cursor.fetchone()[0] > LARGE:
                return False
            resting = [(table, name) for table, name in guards(8) if table in names]
            for table, name in resting:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
            # References are looked at when the transaction ends: the order does not matter.
            for name in names:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table, name in resting:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        # Dead rows would slow down whatever comes later.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM " + ", ".join(connection.ops.quote_name(name) for name in names))
        return True
