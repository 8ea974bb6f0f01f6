"""Which group may do what with which model in the back office. The table is the rule; the database follows it.

`v` view, `a` add, `c` change. Nobody deletes: what is wrong is corrected, ended or retired. What a member of a group
sees of a model is narrowed further by `visibility.py`.
"""

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission

from . import groups

ACTIONS = {"v": "view", "a": "add", "c": "change"}

_OWN_BUSINESS = {
    "registry.region": "v",
    "registry.department": "v",
    "registry.serviceitemversion": "v",
    "commitments.textversion": "v",
    "commitments.readingmaterial": "v",
    "commitments.commitment": "v",
    "disclosure.publicitydecision": "v",
    "disclosure.ruledocument": "v",
    "deadlines.policyrule": "v",
    "deadlines.calendarnotice": "v",
    "deadlines.duty": "v",
    "commitments.breachcase": "v",
    "disclosure.breachreport": "v",
    "disclosure.breachpublication": "v",
    "disclosure.exchangerecord": "v",
    "disclosure.administrativeact": "v",
    "disclosure.informationitem": "v",
    "verification.usagelist": "v",
    "disclosure.progressreport": "v",
    "repair.repairapplication": "v",
    "verification.consumercomplaint": "v",
    "commitments.clausewarning": "v",
    "registry.occupationgroup": "v",
}

TABLE: dict[str, dict[str, str]] = {
    groups.CLERK: {},
    groups.OFFICER: _OWN_BUSINESS,
    groups.HEAD: _OWN_BUSINESS | {"audit.auditevent": "v"},
    groups.APPROVAL_BUREAU: _OWN_BUSINESS
    | {
        "registry.serviceitemversion": "vac",
        "commitments.textversion": "vac",
        "commitments.readingmaterial": "vac",
    },
    groups.ASSOCIATION: {
        "registry.serviceitemversion": "v",
        "commitments.textversion": "v",
        "commitments.readingmaterial": "v",
        "commitments.commitment": "v",
        "disclosure.ruledocument": "v",
    },
    groups.CREDIT_OFFICE: _OWN_BUSINESS
    | {
        "registry.serviceitemversion": "vac",
        "commitments.textversion": "vac",
        "commitments.readingmaterial": "vac",
        "registry.creditsubject": "v",
        "registry.subjectaccess": "vc",
        "registry.unitcontact": "vac",
        "verification.trainingsession": "v",
        "disclosure.typicalcase": "v",
        "disclosure.objection": "v",
        "disclosure.complaint": "v",
        "disclosure.errortip": "v",
        "verification.check": "v",
        "verification.creditentry": "vac",
        "verification.creditlist": "vac",
        "verification.listedmeasure": "vac",
        "verification.gradingstandard": "v",
        "verification.evaluationpassing": "v",
        "verification.appliedmeasure": "v",
        "disclosure.publicitydecision": "va",
        "disclosure.publicityproposal": "vc",
        "disclosure.exchangebatch": "v",
        "disclosure.ruledocument": "vac",
        "disclosure.informationitem": "vac",
        "disclosure.launchdate": "vac",
        "outbox.partnersystem": "v",
        "deadlines.calendarnotice": "vac",
        "deadlines.ruleproposal": "vac",
        "deadlines.switchorder": "vac",
        "outbox.message": "vc",
        "commitments.recipient": "vac",
        "repair.helpservice": "vac",
        "registry.occupationgroup": "vac",
        "verification.checksource": "vac",
        "verification.taxcreditentry": "v",
        "verification.consent": "v",
        "verification.release": "v",
        "verification.creditreport": "v",
        "verification.listing": "v",
        "verification.listmethod": "v",
        "disclosure.progresssummary": "v",
        "disclosure.assessment": "v",
        "commitments.warningrule": "vac",
        "disclosure.pilot": "v",
        "commitments.rosterentry": "v",
        "commitments.campaign": "v",
        "commitments.registration": "v",
        "commitments.registrationverifier": "vac",
        "commitments.bulkjob": "v",
        "commitments.handovermapping": "v",
        "commitments.handoverprotocol": "v",
        "commitments.capturebatch": "v",
        "commitments.capturesheet": "v",
        "documents.evidencefile": "v",
        "audit.auditevent": "v",
    },
    groups.AUDITOR: _OWN_BUSINESS
    | {
        "registry.user": "v",
        "registry.creditsubject": "v",
        "registry.subjectaccess": "v",
        "registry.unitcontact": "v",
        "verification.trainingsession": "v",
        "disclosure.typicalcase": "v",
        "disclosure.objection": "v",
        "disclosure.complaint": "v",
        "disclosure.errortip": "v",
        "verification.check": "v",
        "verification.creditentry": "v",
        "verification.creditlist": "v",
        "verification.listedmeasure": "v",
        "verification.gradingstandard": "v",
        "verification.evaluationpassing": "v",
        "verification.appliedmeasure": "v",
        "disclosure.publicityproposal": "v",
        "disclosure.exchangebatch": "v",
        "disclosure.launchdate": "v",
        "outbox.partnersystem": "v",
        "deadlines.ruleproposal": "v",
        "deadlines.switchorder": "v",
        "commitments.recipient": "v",
        "repair.helpservice": "v",
        "verification.checksource": "v",
        "verification.taxcreditentry": "v",
        "verification.consent": "v",
        "verification.release": "v",
        "verification.creditreport": "v",
        "verification.listing": "v",
        "verification.listmethod": "v",
        "disclosure.progresssummary": "v",
        "disclosure.assessment": "v",
        "commitments.warningrule": "v",
        "disclosure.pilot": "v",
        "commitments.rosterentry": "v",
        "commitments.campaign": "v",
        "commitments.registration": "v",
        "commitments.registrationverifier": "v",
        "commitments.bulkjob": "v",
        "commitments.handovermapping": "v",
        "commitments.handoverprotocol": "v",
        "commitments.capturebatch": "v",
        "commitments.capturesheet": "v",
        "documents.evidencefile": "v",
        "audit.auditevent": "v",
        "audit.readlog": "v",
        "verification.unusualreading": "v",
        "verification.avoidedcode": "v",
    },
    groups.SECURITY_ADMIN: {
        "registry.region": "v",
        "registry.department": "v",
        "registry.user": "vac",
        "outbox.partnersystem": "vac",
        "verification.unusualreading": "vc",
        "verification.avoidedcode": "vac",
        "audit.auditevent": "v",
    },
    groups.SYSTEM_ADMIN: {
        "registry.region": "v",
        "registry.department": "vac",
        "outbox.message": "vc",
    },
}

# Whoever has nothing in the table has nothing to do in the back office.
ADMITTED = frozenset(name for name, models in TABLE.items() if models)


def may(group: str, label: str, action: str) -> bool:
    """Whether the table grants a group (code) an action («v», «a», «c») on a model («app.model»)."""
    return action in TABLE[group].get(label, "")


def sync_app(app_config: AppConfig, using: str) -> None:
    """Bring the groups' permissions on one app's models into line with the table, granting and revoking."""
    held = {name: Group.objects.using(using).get_or_create(name=name)[0] for name in groups.LABELS}
    of_app = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    known = {(p.content_type.model, p.codename): p for p in of_app.select_related("content_type")}
    for name, group in held.items():
        wanted = {
            known[key].pk
            for label, letters in TABLE[name].items()
            for app_label, model in [label.split(".")]
            if app_label == app_config.label
            for letter in letters
            # Migrated to an earlier state, an app does not have all its models yet.
            if (key := (model, f"{ACTIONS[letter]}_{model}")) in known
        }
        has = set(
            group.permissions.filter(content_type__app_label=app_config.label).values_list("pk", flat=True)
        )
        if wanted - has:
            group.permissions.add(*(wanted - has))
        if has - wanted:
            group.permissions.remove(*(has - wanted))


def follow_table(*, app_config: AppConfig, using: str, **_signal: object) -> None:
    """After every migration of an app: its permissions exist by now (Django makes them first)."""
    if any(label.startswith(f"{app_config.label}.") for models in TABLE.values() for label in models) or (
        app_config.label == "auth"
    ):
        sync_app(app_config, using)
