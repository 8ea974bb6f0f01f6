from django.db import migrations

from credit_portal.audit.migrating import kept_by


REPAIR_IS_KEPT = """
CREATE TRIGGER repair_repairstep_kept BEFORE UPDATE OR DELETE ON repair_repairstep
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_surfacelook_kept BEFORE UPDATE OR DELETE ON repair_surfacelook
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_lockout_kept BEFORE UPDATE OR DELETE ON repair_lockout
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_repairapplication_kept BEFORE DELETE ON repair_repairapplication
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_repairmaterial_kept BEFORE DELETE ON repair_repairmaterial
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_unpublicationproof_kept BEFORE DELETE ON repair_unpublicationproof
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER repair_brokenpledge_kept BEFORE DELETE ON repair_brokenpledge
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):

    replaces = [
        ('repair', '0005_expected_again'),
    ]

    dependencies = [
        ('repair', '0001_tables'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(REPAIR_IS_KEPT),
    ]
