from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0002_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER disclosure_decision_append_only BEFORE UPDATE OR DELETE ON disclosure_publicitydecision
                FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
            """,
            "DROP TRIGGER disclosure_decision_append_only ON disclosure_publicitydecision;",
        )
    ]
