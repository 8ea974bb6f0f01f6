"""Filters of the back office: the browser's own selects and days, without a script."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from .clock import SHANGHAI


class PickForm(forms.Form):
    """One plain select: the browser's own, without a script."""

    def __init__(
        self, name: str, label: str, choices: Sequence[Any], data: Any = None, multiple: bool = False
    ) -> None:
        super().__init__(data)
        self.fields[name] = forms.ChoiceField(
            label=label,
            choices=choices,
            required=False,
            widget=forms.Select(attrs={"class": " ".join(SELECT_CLASSES)}),
        )


class PickFilter(DropdownFilter):
    """A filter of many values as one select; subclasses say the values (`lookups`)."""

    form_class = PickForm


class ChoicesPickFilter(ChoicesDropdownFilter):
    """A field's choices, where they are many, as one select."""

    form_class = PickForm


class DayRangeForm(forms.Form):
    def __init__(self, name: str, data: Any = None) -> None:
        super().__init__(data)
        for end, label in (("from", "自"), ("to", "至")):
            self.fields[f"{name}_{end}"] = forms.DateField(
                label=label,
                required=False,
                widget=forms.DateInput(
                    format="%Y-%m-%d",
                    attrs={"type": "date", "class": " ".join(INPUT_CLASSES), "aria-label": label},
                ),
            )


class DayRangeFilter(RangeDateFilter):
    """From a day to a day, both included; on moments these are days in Asia/Shanghai."""

    form_class = DayRangeForm

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        bounds = {}
        for end in ("from", "to"):
            try:
                bounds[end] = date.fromisoformat(
                    self.used_parameters.get(f"{self.parameter_name}_{end}") or ""
                )
            except ValueError:
                continue  # not a day: the filter shows what was typed, and does not narrow
        if isinstance(self.field, DateTimeField):
            first = {end: datetime.combine(day, time(), SHANGHAI) for end, day in bounds.items()}
            if "from" in first:
                queryset = queryset.filter(**{f"{self.parameter_name}__gte": first["from"]})
            if "to" in first:
                queryset = queryset.filter(**{f"{self.parameter_name}__lt": first["to"] + timedelta(days=1)})
            return queryset
        if "from" in bounds:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": bounds["from"]})
        if "to" in bounds:
            queryset = queryset.filter(**{f"{self.parameter_name}__lte": bounds["to"]})
        return queryset
