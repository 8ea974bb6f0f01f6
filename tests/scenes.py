"""What many tests of a file stand on is built once for all of them; whatever a test does to it is undone.

    @pytest.fixture(scope="module")
    def built(scene) -> Place:
        return scene(Place)

    @pytest.fixture
    def place(built, db) -> Place:
        return mine(built)

The rows lie in a transaction around those of the tests. It never meets tests of the same file that ask for no scene
(they run before it) nor those that commit (they run after it): `conftest.py` orders them so.
"""

import copy
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

Made = TypeVar("Made")


def mine(built: Made) -> Made:
    """A copy for one test: what it changes in memory is not there for the next."""
    return copy.deepcopy(built)


class Scene:
    """One transaction, rolled back when the file is done or a test that commits is next."""

    def __init__(self) -> None:
        self._atomic = transaction.atomic()
        # As that of a test case: `durable` blocks within it are as they are in life.
        self._atomic._from_testcase = True
        self._atomic.__enter__()
        self.is_open = True

    def __call__(self, build: Callable[[], Made]) -> Made:
        try:
            # Deferred constraints are looked at here, not in the first test that happens to come.
            made = build()
            transaction.get_connection().check_constraints()
        except BaseException:
            self.close()
            raise
        return made

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            transaction.set_rollback(True)
            self._atomic.__exit__(None, None, None)
