from django.db import migrations

KEPT = ("repairstep", "surfacelook", "lockout")
KEEP = "".join(
    f"CREATE TRIGGER repair_{name}_kept BEFORE UPDATE OR DELETE ON repair_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in KEPT
)
GONE = ("repairapplication", "repairmaterial", "unpublicationproof", "brokenpledge")
KEEP += "".join(
    f"CREATE TRIGGER repair_{name}_kept BEFORE DELETE ON repair_{name}\n"
    "    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for name in GONE
)
LET_GO = "".join(f"DROP TRIGGER repair_{name}_kept ON repair_{name};\n" for name in (*KEPT, *GONE))


class Migration(migrations.Migration):
    dependencies = [("repair", "0001_repair"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
