"""A place adopts a provincial model text: by reference, for an item of its own or for all, from a day on (R24)."""

from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from credit_portal.audit import events
from credit_portal.registry.models import Department, ServiceItem, User
from credit_portal.registry.reach import KEEPERS, check_reach

from . import model_texts, texts
from .models import CommitmentText, TextVersion


@transaction.atomic
def adopt(
    *,
    model: TextVersion,
    code: str,
    department: Department,
    item: ServiceItem | None,
    values: Mapping[str, str],
    valid_from: date,
    actor: User | None,
    now: datetime,
    is_demo: bool = False,
) -> TextVersion:
    """Adopt a model for the first time; it is in force from the day. Raises TextError, ValidationError by field."""
    model = _model(model)
    region = department.region
    check_reach(actor, region, *KEEPERS)
    if model.text.region_id not in region.lineage or model.text.region_id == region.code:
        raise texts.TextError(["只能采用本地区所属省的示范文本。"])
    if item is not None and item.region_id != region.code:
        raise texts.TextError(["“事项”：不是本地区的事项。"])
    text = CommitmentText(
        code=code, region=region, department=department, commitment_type=model.text.commitment_type,
        late_materials=model.text.late_materials, item=item, origin=model_texts.PROVINCIAL, model=model.text,
        is_demo=is_demo,
    )  # fmt: skip
    try:
        text.full_clean()
    except ValidationError as error:
        raise texts.TextError(
            [
                f"“{CommitmentText._meta.get_field(name).verbose_name}”：{'；'.join(said)}"
                for name, said in error.message_dict.items()
            ]
        ) from error
    text.save()
    return _take(text, 1, model, values, valid_from, actor, now)


@transaction.atomic
def follow(
    *,
    text: CommitmentText,
    model: TextVersion,
    values: Mapping[str, str],
    valid_from: date,
    actor: User | None,
    now: datetime,
) -> TextVersion:
    """Adopt another version of the same model, or fill in the own blanks anew. Raises TextError."""
    text = CommitmentText.objects.select_for_update(of=("self",)).select_related("region").get(pk=text.pk)
    check_reach(actor, text.region, *KEEPERS)
    model = _model(model)
    if text.model_id != model.text_id:
        raise texts.TextError([f"文本 {text.code} 没有采用这份示范文本。"])
    last = text.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    return _take(text, number, model, values, valid_from, actor, now)


def _model(version: TextVersion) -> TextVersion:
    version = TextVersion.objects.select_related("text__region", "issue").get(pk=version.pk)
    if not model_texts.is_model(version.text) or version.status not in model_texts.IN_USE:
        raise texts.TextError(["只能采用已发布的省级示范文本。"])
    return version


def _take(
    text: CommitmentText,
    number: int,
    model: TextVersion,
    values: Mapping[str, str],
    valid_from: date,
    actor: User | None,
    now: datetime,
) -> TextVersion:
    if problems := model_texts.value_problems(model_texts.issue_of(model), values):
        raise texts.TextError([f"“{key}”：{said}" for key, said in problems.items()])
    filled = {key: value.strip() for key, value in values.items()}
    words, clauses, blanks = model_texts.adopted_words(model, filled)
    version = TextVersion(text=text, number=number, adopts=model, place_values=filled)
    version = texts.write_draft(version, words=words, clauses=clauses, blanks=blanks, actor=actor, now=now)
    events.text_adopted(
        now=now, actor_id=actor.pk if actor else None, text_id=text.pk, code=text.code, number=number,
        model=model.text.code, version=model.number,
    )  # fmt: skip
    return texts.publish_text(version=version, valid_from=valid_from, actor=actor, now=now)
