from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER verification_check_append_only BEFORE UPDATE OR DELETE ON verification_check
                FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
            """,
            "DROP TRIGGER verification_check_append_only ON verification_check;",
        )
    ]
