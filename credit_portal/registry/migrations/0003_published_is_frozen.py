from django.db import migrations

# A draft may be anything. What has been published only ends; what has ended stays as it is.
REFUSE = """
CREATE FUNCTION registry_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['status', 'valid_to'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status IN ('published', 'frozen')
            AND (to_jsonb(NEW) - ending) = (to_jsonb(OLD) - ending) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '已发布的版本不能更改（% 第 % 版）', TG_TABLE_NAME, OLD.number
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER registry_serviceitemversion_frozen BEFORE UPDATE OR DELETE ON registry_serviceitemversion
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_version_change();
"""
ALLOW = """
DROP TRIGGER registry_serviceitemversion_frozen ON registry_serviceitemversion;
DROP FUNCTION registry_refuse_version_change();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_regions")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
