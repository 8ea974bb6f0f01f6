import uuid
from typing import Any

from django.db import migrations, models

from credit_portal.registry import crypto

from credit_portal.audit.migrating import InSteps

# The index is the field's own now; what subjects it means is computed from the sealed number.
FREE = "DROP TRIGGER verification_avoidedcode_ended ON verification_avoidedcode;"
KEPT = """
CREATE TRIGGER verification_avoidedcode_ended BEFORE UPDATE ON verification_avoidedcode
    FOR EACH ROW WHEN (OLD.until_on IS NOT NULL OR ROW (NEW.user_id, NEW.relation, NEW.uscc, NEW.id_number_index{sealed}, NEW.from_on)
        IS DISTINCT FROM ROW (OLD.user_id, OLD.relation, OLD.uscc, OLD.id_number_index{old_sealed}, OLD.from_on))
    EXECUTE FUNCTION audit_refuse_change();
"""
WITH = KEPT.format(sealed=", NEW.id_number_sealed", old_sealed=", OLD.id_number_sealed")
WITHOUT = KEPT.format(sealed="", old_sealed="")


def seal(apps: Any, schema_editor: Any) -> None:
    subjects = apps.get_model("registry", "CreditSubject")
    for row in apps.get_model("verification", "AvoidedCode").objects.iterator():
        row.uuid = uuid.uuid4()
        subject = row.id_number_index and subjects.objects.filter(id_number_index=row.id_number_index).first()
        # Of a number that no subject has nothing can be told: it stays as it was, and is found as before.
        if subject:
            number = crypto.open_sealed(subject.id_number_sealed, aad=f"subject:{subject.uuid}:id_number_sealed")
            row.id_number_sealed = crypto.seal(number, aad=f"avoided:{row.uuid}:id_number_sealed")
            row.id_number_index = crypto.blind_index(number, purpose="avoided_id_number")
        row.save(update_fields=["uuid", "id_number_sealed", "id_number_index"])


def unseal(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("verification", "AvoidedCode").objects.exclude(id_number_sealed="").iterator():
        number = crypto.open_sealed(row.id_number_sealed, aad=f"avoided:{row.uuid}:id_number_sealed")
        row.id_number_index = crypto.blind_index(number, purpose="id_number_index")
        row.save(update_fields=["id_number_index"])


class Migration(InSteps):
    dependencies = [("verification", "0025_reading_watch"), ("registry", "0013_own_indexes")]

    operations = [
        migrations.RunSQL(FREE, WITHOUT),
        migrations.AddField("avoidedcode", "uuid", models.UUIDField(editable=False, null=True)),
        migrations.AddField(
            "avoidedcode",
            "id_number_sealed",
            models.TextField(blank=True, default="", editable=False, verbose_name="身份证号码（加密）"),
            preserve_default=False,
        ),
        migrations.RunPython(seal, unseal),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            "avoidedcode", "uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
        ),
        migrations.RunSQL(WITH, FREE),
    ]
