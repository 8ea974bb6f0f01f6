"""What every form for people says of itself: an error names its field, and files chosen before an error are said to be lost.

A browser never sends a chosen file twice by itself, and nothing of a form that is wrong is kept: whoever only mends what
was named would send it without the evidence. Both hold for every form of the portal by the renderer in the settings.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList

from . import codes
from .legible import SPACING, illegible

LOST = "附件没有保存，请重新选择。"
ANEW = "页面不完整，请刷新以后再填。"
# Django's own words, which do not say what is meant.
_REQUIRED = forms.Field.default_error_messages["required"]
_NO_DAY = forms.DateField.default_error_messages["invalid"]


_ILLEGIBLE = "illegible"


def legible(text: object) -> None:
    """The validator of every text that is typed (`RegistryConfig.ready` gives it to them): no character that nobody can
    read, see legible.py. Django's own word about NUL is left to it."""
    found = illegible(str(text), spared=f"{SPACING}\0")
    if found is not None:
        raise ValidationError(
            f"第 {found[0]} 个字符无法识别（{found[1]}），请删去或者改用常用的字。", code=_ILLEGIBLE
        )


class NamedField(forms.BoundField):
    """A field as it is shown, with what is wrong in words that name it."""

    @property
    def errors(self) -> ErrorList:
        found: ErrorList = super().errors
        told = [self._named(error) for error in found.as_data()]
        if self._lost():
            told.append(ValidationError(LOST, code="lost"))
        if not told:
            return found
        return self.form.error_class(
            told, error_class=found.error_class, renderer=self.form.renderer, field_id=self.auto_id
        )

    def _named(self, error: ValidationError) -> ValidationError:
        if error.code == "required" and str(error.message) == str(_REQUIRED):
            return ValidationError(self._missing(), code=error.code)
        if error.code == "invalid" and str(error.message) == str(_NO_DAY):
            return ValidationError(f"{self.label}应写作 2026-01-31 的形式。", code=error.code)
        if error.code == "null_characters_not_allowed":
            return ValidationError(f"{self.label}里有空字符（U+0000），请删去以后重新填写。", code=error.code)
        if error.code == _ILLEGIBLE:
            return ValidationError(f"{self.label}的{error.message}", code=error.code)
        return error

    def _missing(self) -> str:
        widget = self.field.widget
        if widget.is_hidden:
            return ANEW
        if isinstance(widget, forms.CheckboxInput):
            return f"请勾选“{self.label}”。"
        choose = isinstance(widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple)
        return f"请{'选择' if choose or isinstance(widget, forms.FileInput) else '填写'}{self.label}。"

    def _lost(self) -> bool:
        """Whether files were chosen here that nobody has now."""
        if not (isinstance(self.field, forms.FileField) and self.form.is_bound and self.form.errors):
            return False
        sent = self.data
        return any(sent) if isinstance(sent, list) else bool(sent)


class NamingRenderer(DjangoTemplates):
    """Django's own templates with fields that name themselves."""

    bound_field_class = NamedField


class PhoneField(forms.CharField):
    """A telephone of a person or subject, reduced to its digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        try:
            return codes.check_phone(typed) if typed else ""
        except codes.CodeError as error:
            raise ValidationError(str(error), code="phone") from error
