from django.db import migrations

TABLES = ("rectification", "interview", "revocationhandoff", "letter")
KEEP = "".join(
    f"CREATE TRIGGER commitments_{table}_kept BEFORE DELETE ON commitments_{table}"
    " FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();\n"
    for table in TABLES
)
LET_GO = "".join(f"DROP TRIGGER commitments_{table}_kept ON commitments_{table};\n" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("commitments", "0014_consequences"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
