"""What migrations are written with: many models in one step, and what the database itself refuses."""

import re
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    Migration,
    RemoveConstraint,
    RemoveIndex,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.state import ProjectState


class Together(Operation):
    """Models made in one step: Django draws its picture of all models anew after every single operation, which for an
    empty database takes most of the time that migrating needs. They may refer to each other in any order, but
    nothing later in the same step may change them. Models that were there before may be given fields, indexes and
    constraints in the same step."""

    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        # The picture is drawn again when somebody looks at it.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        if all(isinstance(operation, CreateModel) for operation in self.operations):
            return f"Create models {', '.join(operation.name for operation in self.operations)}"
        return "; ".join(operation.describe() for operation in self.operations)


class InSteps(Migration):
    """A migration as Django has written it, that makes its models `Together`: what it does to a model that it makes is
    part of making it, and what follows in one go is one step."""

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        written = self.operations
        self.operations = steps(written, self.app_label)
        try:
            return super().apply(project_state, schema_editor, collect_sql)
        finally:
            self.operations = written


def steps(operations: Sequence[Operation], app_label: str) -> list[Operation]:
    """The same operations, those that can be done in one step together; what a step makes, it does not touch again."""
    found: list[Operation] = []
    step: list[Operation] = []
    made: set[str] = set()

    def close() -> None:
        found.extend([Together(step.copy())] if len(step) > 1 else step)
        step.clear()
        made.clear()

    for operation in MigrationOptimizer().optimize(list(operations), app_label):
        if isinstance(operation, CreateModel):
            made.add(operation.name_lower)
        elif not isinstance(operation, (AddField, AddIndex, AddConstraint, RemoveIndex, RemoveConstraint)):
            close()
            found.append(operation)
            continue
        elif operation.model_name_lower in made:
            close()
        step.append(operation)
    close()
    return found


def kept_by(sql: str) -> RunSQL:
    """Functions and triggers that make the database refuse what must not happen; undone by dropping them again."""
    dropped = [
        f"DROP TRIGGER {trigger} ON {table};\n"
        for trigger, table in re.findall(r"^CREATE TRIGGER (\w+) .*? ON (\w+)", sql, re.MULTILINE)
    ]
    dropped += [
        f"DROP FUNCTION {function};\n"
        for function in re.findall(r"^CREATE FUNCTION (\w+)\(\)", sql, re.MULTILINE)
    ]
    return RunSQL(sql, "".join(dropped))
