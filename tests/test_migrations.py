"""Migrations that were put together: a database of before goes on untouched, one in between is refused, triggers can go."""

import re

import pytest
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from credit_portal import checks
from credit_portal.audit.migrating import InSteps, Together, kept_by, steps

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


def test_what_can_be_done_at_once_is_one_step_and_a_step_does_not_touch_again_what_it_has_made():
    def field(name: str, model: str = "old") -> migrations.AddField:
        return migrations.AddField(model, name, models.TextField(default=""))

    def model(name: str) -> migrations.CreateModel:
        return migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True))])

    index = migrations.AddIndex("new", models.Index(fields=["a"], name="by_a"))
    kept = migrations.RunSQL("SELECT 1")
    made = steps([model("New"), field("a", "new"), index, field("b"), field("c"), kept, field("d")], "x")
    first, second, third = made
    # What is done to a model that the step makes is part of making it.
    new, b, c = first.operations
    assert [name for name, _ in new.fields] == ["id", "a"] and [
        one.name for one in new.options["indexes"]
    ] == ["by_a"]
    assert (b.name, c.name, third.name) == ("b", "c", "d") and second is kept
    assert first.describe() == "Create model New; Add field b to old; Add field c to old"

    apart = steps([model("New"), migrations.RunSQL("SELECT 1"), field("a", "new"), index], "x")
    assert [type(one).__name__ for one in apart] == ["CreateModel", "RunSQL", "Together"]


def test_migrations_that_do_much_do_it_in_steps():
    """Otherwise an empty database waits half a second for every single operation (`InSteps`)."""
    alone = (migrations.CreateModel, migrations.AddField, migrations.AddIndex, migrations.AddConstraint)
    assert [
        key
        for key, migration in OURS.items()
        if not isinstance(migration, InSteps)
        and sum(isinstance(one, alone) for one in migration.operations) > 5
    ] == []
