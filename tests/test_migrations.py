"""Migrations that were put together: a database of before goes on untouched, one in between is refused, triggers can go."""

import re

import pytest
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from credit_portal import checks
from credit_portal.audit.migrating import Together, kept_by

OURS = {
    key: migration
    for key, migration in MigrationLoader(None).disk_migrations.items()
    if key[0] in checks.ROOMS
}
REPLACED = [name for migration in OURS.values() for name in migration.replaces]


def test_each_old_migration_is_replaced_by_one_new_one_of_its_app():
    assert len(REPLACED) == len(set(REPLACED))
    assert all(app == key[0] for key, migration in OURS.items() for app, _ in migration.replaces)
    assert not set(REPLACED) & set(OURS)


@pytest.mark.django_db
def test_a_database_at_the_last_old_migrations_has_nothing_to_do():
    recorder = MigrationRecorder(connection)
    new = [key for key, migration in OURS.items() if migration.replaces]
    for app, name in new:
        recorder.record_unapplied(app, name)
    assert checks.version_before(None, databases=["default"]) == []

    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    executor.check_replacements()
    assert set(new) <= set(recorder.applied_migrations())


@pytest.mark.django_db
def test_a_database_in_between_is_refused_before_anything_is_made_twice():
    recorder = MigrationRecorder(connection)
    for app, name in (("disclosure", "0021_pilots"), ("repair", "0005_expected_again")):
        recorder.record_unapplied(app, name)
    (found,) = checks.version_before(None, databases=["default"])
    assert found.id == "portal.E034" and "disclosure、repair" in found.msg and "上一个版本" in found.hint

    for app, name in REPLACED:
        recorder.record_unapplied(app, name)
    assert checks.version_before(None, databases=["default"]) == []


def test_what_the_database_refuses_can_be_undone_trigger_by_trigger():
    made = [
        operation
        for migration in OURS.values()
        for operation in migration.operations
        if isinstance(operation, migrations.RunSQL) and "TRIGGER" in operation.sql
    ]
    assert len(made) >= 30
    for operation in made:
        created = re.findall(r"CREATE (TRIGGER|FUNCTION) (\w+)", operation.sql)
        assert sorted(created) == sorted(re.findall(r"DROP (TRIGGER|FUNCTION) (\w+)", operation.reverse_sql))
    undone = kept_by(
        "CREATE FUNCTION f() RETURNS trigger …;\nCREATE TRIGGER t BEFORE UPDATE ON x\n    FOR EACH ROW …;"
    )
    assert undone.reverse_sql == "DROP TRIGGER t ON x;\nDROP FUNCTION f;\n"


def test_models_made_together_say_which():
    (together,) = (
        operation
        for operation in OURS["documents", "0001_squashed_0002_initial"].operations
        if isinstance(operation, Together)
    )
    assert together.describe() == "Create models EvidenceFile"
    assert together.deconstruct() == ("Together", [], {"operations": together.operations})
