"""The back office's filter of rows that two people keep."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit import clock
from credit_portal.audit.admin_filters import PickFilter

from . import kept_by_two


class StateFilter(PickFilter):
    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(kept_by_two.STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        state = self.value()
        return (
            kept_by_two.in_state(queryset, state, today=clock.today())
            if state in kept_by_two.STATES
            else queryset
        )
