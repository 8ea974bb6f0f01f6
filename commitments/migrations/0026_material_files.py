import django.db.models.deletion
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps, kept_by

# A file that was sent in stays; it can only be replaced or returned, once.
KEPT = """
CREATE FUNCTION commitments_refuse_material_file_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR (to_jsonb(NEW) - ARRAY['ending', 'ended_at'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['ending', 'ended_at']) THEN
        RAISE EXCEPTION '容缺材料的文件 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_materialfile_frozen BEFORE UPDATE ON commitments_materialfile
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_material_file_change();
CREATE TRIGGER commitments_materialfile_kept BEFORE DELETE ON commitments_materialfile
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
# Until now a material had one file, and remembered the last one returned.
BEFORE = """
INSERT INTO commitments_materialfile (material_id, file_id, added_at, access_id, ending, ended_at)
SELECT material.id, file.id, file.created_at, NULL, 'returned', material.returned_on::timestamp AT TIME ZONE 'Asia/Shanghai'
FROM commitments_promisedmaterial material JOIN documents_evidencefile file ON file.id = material.returned_file_id;
INSERT INTO commitments_materialfile (material_id, file_id, added_at, access_id, ending, ended_at)
SELECT material.id, file.id, file.created_at, material.sent_by_id, '', NULL
FROM commitments_promisedmaterial material JOIN documents_evidencefile file ON file.id = material.file_id;
"""


class Migration(InSteps):

    dependencies = [
        ('commitments', '0005_squashed_0025_online_is_kept'),
        ('documents', '0001_squashed_0002_initial'),
        ('registry', '0011_who_may_promise'),
    ]

    operations = [
        migrations.CreateModel(
            name='MaterialFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField(verbose_name='提交时间')),
                ('ending', models.CharField(blank=True, choices=[('replaced', '已更换'), ('returned', '已退回')], max_length=10, verbose_name='不再使用')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='不再使用的时间')),
                ('access', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.subjectaccess', verbose_name='提交人')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.evidencefile', verbose_name='文件')),
                ('material', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='commitments.promisedmaterial', verbose_name='容缺材料')),
            ],
            options={
                'verbose_name': '容缺材料的文件',
                'verbose_name_plural': '容缺材料的文件',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ending', '')), models.Q(models.Q(('ending', ''), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='material_file_ended_is_dated', violation_error_message='不再使用的文件须有时间。')],
            },
        ),
        kept_by(KEPT),
        # A photograph that was taken away may come again, with another name.
        migrations.RemoveConstraint(model_name='draftphoto', name='draft_photo_once'),
        migrations.AddConstraint(
            model_name='draftphoto',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('draft', 'kind', 'sha256'), name='draft_photo_once', violation_error_message='这张照片已经上传过。'),
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
