"""Which act stands in the place of one that was put right."""

from django.db.models import F

from disclosure.models import AdministrativeAct


def latest_act(act_id: int) -> int:
    """The act that stands in the place of this one by now, of the same subject: what was put right to be another's is that
    one's. Itself where it was never put right."""
    own = AdministrativeAct.objects.filter(subject=F("corrects__subject"))
    while (following := own.filter(corrects=act_id).values_list("pk", flat=True).first()) is not None:
        act_id = following
    return act_id


def locked_latest_act(act_id: int) -> AdministrativeAct:
    """That act, locked. Whoever corrects it has locked it, too: what has become of it is looked at again after the wait."""
    standing = latest_act(act_id)
    act = (
        AdministrativeAct.objects.select_for_update(of=("self",))
        .select_related("department__region", "region", "subject")
        .get(pk=standing)
    )
    return act if latest_act(standing) == standing else locked_latest_act(standing)
