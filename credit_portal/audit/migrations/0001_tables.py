from django.db import migrations, models

from credit_portal.audit.migrating import Together


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_append_only'),
    ]

    dependencies = []

    operations = [
        Together([
            migrations.CreateModel(
                name='ReadLog',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(db_index=True, verbose_name='时间')),
                    ('actor_id', models.BigIntegerField(db_index=True, null=True, verbose_name='查阅人编号')),
                    ('subject_id', models.BigIntegerField(null=True, verbose_name='主体编号')),
                    ('what', models.CharField(max_length=60, verbose_name='查阅内容')),
                    ('target_type', models.CharField(max_length=60, verbose_name='对象类别')),
                    ('target_id', models.CharField(max_length=64, verbose_name='对象编号')),
                    ('purpose', models.CharField(choices=[('handling', '办理承诺'), ('check', '信用核查'), ('supervision', '监督管理'), ('subject_request', '本人查询'), ('objection', '处理异议'), ('audit', '审计'), ('print', '打印文书')], max_length=30, verbose_name='目的')),
                    ('access_id', models.BigIntegerField(null=True, verbose_name='主体网上查询编号')),
                ],
                options={
                    'verbose_name': '查阅日志',
                    'verbose_name_plural': '查阅日志',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['subject_id', '-id'], name='read_of_subject')],
                },
            ),
            migrations.CreateModel(
                name='AuditEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(db_index=True, verbose_name='时间')),
                    ('verb', models.CharField(max_length=60, verbose_name='事件')),
                    ('actor_id', models.BigIntegerField(null=True, verbose_name='操作人编号')),
                    ('department_id', models.BigIntegerField(null=True, verbose_name='部门编号')),
                    ('target_type', models.CharField(max_length=60, verbose_name='对象类别')),
                    ('target_id', models.CharField(max_length=64, verbose_name='对象编号')),
                    ('facts', models.JSONField(default=dict, verbose_name='内容')),
                    ('canonical', models.BinaryField(verbose_name='规范字节')),
                    ('digest', models.BinaryField(max_length=32, verbose_name='摘要')),
                ],
                options={
                    'verbose_name': '操作日志',
                    'verbose_name_plural': '操作日志',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['target_type', 'target_id', 'id'], name='audit_target'), models.Index(fields=['actor_id', 'id'], name='audit_actor')],
                },
            ),
        ]),
    ]
