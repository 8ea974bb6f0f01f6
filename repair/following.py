"""What can be done with an application that was handed in, by the subject or for it: bring what was asked for, say that
it is all, take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from commitments import way_back
from commitments.forms import ACCEPTED_SCANS
from credit_portal.registry.models import User

from . import applying, filling
from .models import RepairApplication
from .rules import RepairError

WITHDRAWN = "申请已撤回，可以再次申请。"
COMPLETED = "材料已补正，主管部门继续审查。"
ADDED = "收到 {number} 个文件。全部补齐以后，请按“补正完毕”。"
NOTHING = "请选择要提交的文件。"


def take(
    request: HttpRequest, found: RepairApplication, *, actor: User | None, now: datetime
) -> filling.Taken:
    """Do what was pressed (`deed` add, complete, withdraw); what is wrong comes back by field."""
    taken = filling.Taken()
    deed = request.POST.get("deed", "")
    try:
        if deed == "withdraw":
            applying.withdraw(application_id=found.pk, now=now, actor=actor)
            messages.success(request, WITHDRAWN)
        elif deed in ("add", "complete"):
            _bring(request, found, taken, deed, actor=actor, now=now)
    except RepairError as error:
        taken.add(error.field, str(error))
    return taken


def _bring(
    request: HttpRequest, found: RepairApplication, taken: filling.Taken, deed: str, *, actor: User | None,
    now: datetime,
) -> None:  # fmt: skip
    kept = filling.add_files(request, found, taken, actor=actor, now=now)
    if taken.errors:
        return
    if deed == "complete":
        with transaction.atomic():
            applying.complete(application_id=found.pk, now=now, actor=actor)
        messages.success(request, COMPLETED)
    elif kept:
        messages.success(request, ADDED.format(number=kept))
    else:
        taken.add("", NOTHING)


def page_of(found: RepairApplication, taken: filling.Taken | None) -> dict[str, Any]:
    """The fields for what was asked for: a file for each way that was chosen, and one for anything else."""
    labels = way_back.METHOD_LABELS
    brings = [code for code in found.methods if way_back.BRING[code]]
    if way_back.OTHER not in brings:
        brings.append(way_back.OTHER)
    errors = taken.errors if taken else {}
    return {
        "bring": [
            {
                "code": code,
                "label": labels[code] if code != way_back.OTHER else "其他材料",
                "errors": errors.get(f"file-{code}", []),
            }
            for code in brings
        ],
        "all_errors": [text for texts in errors.values() for text in texts],
        "accept": ACCEPTED_SCANS,
    }
