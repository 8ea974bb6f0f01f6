"""What rooms above have happen in the same transaction as a legal act here. They register by name in their
`AppConfig.ready()`; the order of registration is the order of calling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from credit_portal.registry.models import PublicityClass

from .models import BreachCase, Commitment, Interview, RevocationHandoff, Supplement

Hook = Callable[..., None]

_after_signing: dict[str, Hook] = {}
_after_voiding: dict[str, Hook] = {}
_after_correction: dict[str, Hook] = {}
_after_fulfilment: dict[str, Hook] = {}
_after_determination: dict[str, Hook] = {}
_after_service: dict[str, Hook] = {}
_after_statement: dict[str, Hook] = {}
_after_revocation: dict[str, Hook] = {}
_after_interview: dict[str, Hook] = {}
_after_licence_revoked: dict[str, Hook] = {}
_after_late_materials: dict[str, Hook] = {}


def register_after_signing(name: str, hook: Hook) -> None:
    """`hook(*, commitment, now)` runs when a commitment has been signed."""
    _after_signing[name] = hook


def register_after_voiding(name: str, hook: Hook) -> None:
    """`hook(*, commitment, actor, now)` runs when a commitment has been voided."""
    _after_voiding[name] = hook


def register_after_correction(name: str, hook: Hook) -> None:
    """`hook(*, commitment, actor, now)` runs for the corrected (old) commitment."""
    _after_correction[name] = hook


def register_after_fulfilment(name: str, hook: Hook) -> None:
    """`hook(*, commitment, before, now)` runs when the status of a commitment, `before`, has become another."""
    _after_fulfilment[name] = hook


def register_after_determination(name: str, hook: Hook) -> None:
    """`hook(*, case, actor, now)` runs when a breach has been determined."""
    _after_determination[name] = hook


def register_after_service(name: str, hook: Hook) -> None:
    """`hook(*, case, actor, now)` runs when a determination has been served."""
    _after_service[name] = hook


def register_after_statement(name: str, hook: Hook) -> None:
    """`hook(*, case, actor, now)` runs when what the subject says beside its breach has been put down or taken away."""
    _after_statement[name] = hook


def register_after_revocation(name: str, hook: Hook) -> None:
    """`hook(*, case, actor, now)` runs when a determination has been revoked."""
    _after_revocation[name] = hook


def register_after_interview(name: str, hook: Hook) -> None:
    """`hook(*, interview, actor, now)` runs when an interview has been recorded, or its determination revoked."""
    _after_interview[name] = hook


def register_after_licence_revoked(name: str, hook: Hook) -> None:
    """`hook(*, handoff, actor, now)` runs when the approval bureau has revoked a licence handed over to it."""
    _after_licence_revoked[name] = hook


def register_after_late_materials(name: str, hook: Hook) -> None:
    """`hook(*, supplement, actor, now)` runs when the last day of late materials or what came of them has become another."""
    _after_late_materials[name] = hook


def run_after_signing(*, commitment: Commitment, now: datetime) -> None:
    for hook in _after_signing.values():
        hook(commitment=commitment, now=now)


def run_after_voiding(*, commitment: Commitment, actor: object, now: datetime) -> None:
    for hook in _after_voiding.values():
        hook(commitment=commitment, actor=actor, now=now)


def run_after_correction(*, commitment: Commitment, actor: object, now: datetime) -> None:
    for hook in _after_correction.values():
        hook(commitment=commitment, actor=actor, now=now)


def run_after_fulfilment(*, commitment: Commitment, before: str, now: datetime) -> None:
    for hook in _after_fulfilment.values():
        hook(commitment=commitment, before=before, now=now)


def run_after_determination(*, case: BreachCase, actor: object, now: datetime) -> None:
    for hook in _after_determination.values():
        hook(case=case, actor=actor, now=now)


def run_after_service(*, case: BreachCase, actor: object, now: datetime) -> None:
    for hook in _after_service.values():
        hook(case=case, actor=actor, now=now)


def run_after_statement(*, case: BreachCase, actor: object, now: datetime) -> None:
    for hook in _after_statement.values():
        hook(case=case, actor=actor, now=now)


def run_after_revocation(*, case: BreachCase, actor: object, now: datetime) -> None:
    for hook in _after_revocation.values():
        hook(case=case, actor=actor, now=now)


def run_after_interview(*, interview: Interview, actor: object, now: datetime) -> None:
    for hook in _after_interview.values():
        hook(interview=interview, actor=actor, now=now)


def run_after_licence_revoked(*, handoff: RevocationHandoff, actor: object, now: datetime) -> None:
    for hook in _after_licence_revoked.values():
        hook(handoff=handoff, actor=actor, now=now)


def run_after_late_materials(*, supplement: Supplement, actor: object, now: datetime) -> None:
    for hook in _after_late_materials.values():
        hook(supplement=supplement, actor=actor, now=now)


# ---- commitments by the thousand ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Imported:
    """A commitment that a file has brought in. `reason` is empty where the file asked for less publicity than the rule gives:
    then nobody has decided on its class yet."""

    id: int
    code: str
    subject_kind: str
    publicity_class: str
    reason: str


ClassByRule = Callable[[str, str], tuple[str, str]]
_class_by_rule: list[ClassByRule] = []
_after_import: dict[str, Hook] = {}


def register_class_by_rule(rule: ClassByRule) -> None:
    """`rule(subject_kind, commitment_type)` gives the class that a commitment without an item begins with, and the reason."""
    _class_by_rule[:] = [rule]


def class_by_rule(subject_kind: str, commitment_type: str) -> tuple[str, str]:
    """Closed, and undecided, where no room decides."""
    if not _class_by_rule:
        return str(PublicityClass.CLOSED), ""
    return _class_by_rule[0](subject_kind, commitment_type)


def register_after_import(name: str, hook: Hook) -> None:
    """`hook(*, rows, actor, now)` runs when commitments have come in by a file (`Imported`), in their transaction."""
    _after_import[name] = hook


def run_after_import(*, rows: Sequence[Imported], actor: object, now: datetime) -> None:
    for hook in _after_import.values():
        hook(rows=rows, actor=actor, now=now)


_after_kept: dict[str, Hook] = {}


def register_after_kept(name: str, hook: Hook) -> None:
    """`hook(*, rows, now)` runs when commitments of a file have been confirmed as kept in full: what `after_fulfilment` does,
    for (id, code) of many."""
    _after_kept[name] = hook


def run_after_kept(*, rows: Sequence[tuple[int, str]], now: datetime) -> None:
    for hook in _after_kept.values():
        hook(rows=rows, now=now)


_after_revision: dict[str, Hook] = {}


def register_after_revision(name: str, hook: Hook) -> None:
    """`hook(*, commitment, now)` runs when an imported commitment has been corrected by a later file."""
    _after_revision[name] = hook


def run_after_revision(*, commitment: Commitment, now: datetime) -> None:
    for hook in _after_revision.values():
        hook(commitment=commitment, now=now)


# ---- what rooms above know ---------------------------------------------------------------------------------

Licences = Callable[[int], list[tuple[str, str]]]
_licences: dict[str, Licences] = {}


def register_licences(name: str, known: Licences) -> None:
    """`known(subject_id)` gives the licences of a subject that stand before the public: document number and name."""
    _licences[name] = known


def licences_of(subject_id: int) -> list[tuple[str, str]]:
    """The published licences of a subject, of every room that knows of any."""
    return [licence for known in _licences.values() for licence in known(subject_id)]
