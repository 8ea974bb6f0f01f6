from django.db import migrations

KEEP = """
CREATE TRIGGER verification_listing_kept BEFORE DELETE ON verification_listing
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER verification_listingstep_kept BEFORE UPDATE OR DELETE ON verification_listingstep
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
LET_GO = """
DROP TRIGGER verification_listing_kept ON verification_listing;
DROP TRIGGER verification_listingstep_kept ON verification_listingstep;
"""


class Migration(migrations.Migration):
    dependencies = [("verification", "0006_listings"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
