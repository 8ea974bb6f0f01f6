from django.db import migrations

KEEP = """
CREATE FUNCTION commitments_refuse_photo_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'removed_at') IS DISTINCT FROM (to_jsonb(OLD) - 'removed_at') THEN
        RAISE EXCEPTION '网上提交的照片 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_draftphoto_frozen BEFORE UPDATE ON commitments_draftphoto
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_photo_change();
CREATE TRIGGER commitments_draftphoto_kept BEFORE DELETE ON commitments_draftphoto
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER commitments_particulars_kept BEFORE UPDATE OR DELETE ON commitments_commitmentparticulars
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
LET_GO = """
DROP TRIGGER commitments_draftphoto_frozen ON commitments_draftphoto;
DROP TRIGGER commitments_draftphoto_kept ON commitments_draftphoto;
DROP TRIGGER commitments_particulars_kept ON commitments_commitmentparticulars;
DROP FUNCTION commitments_refuse_photo_change();
"""


class Migration(migrations.Migration):
    dependencies = [("commitments", "0024_online_drafts"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
