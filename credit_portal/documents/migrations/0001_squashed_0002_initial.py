import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import Together


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('documents', '0001_initial'),
        ('documents', '0002_initial'),
    ]

    dependencies = [
        ('registry', '0003_squashed_0010_self_service'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='EvidenceFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('kind', models.CharField(choices=[('signature', '手写签名'), ('paper_scan', '纸质签署扫描件'), ('authorisation', '授权委托书'), ('identity', '身份证明'), ('screenshot', '查询截图'), ('document', '文书'), ('pdf', '已签文件')], max_length=20, verbose_name='类别')),
                    ('sha256', models.CharField(max_length=64, verbose_name='校验值（明文 SHA-256）')),
                    ('size', models.PositiveIntegerField(verbose_name='字节数')),
                    ('content_type', models.CharField(max_length=60, verbose_name='内容类型')),
                    ('original_name', models.CharField(blank=True, max_length=200, verbose_name='原文件名')),
                    ('storage_name', models.CharField(max_length=200, unique=True, verbose_name='存储名')),
                    ('created_at', models.DateTimeField(verbose_name='存入时间')),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='存入人')),
                    ('department', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='部门')),
                ],
                options={
                    'verbose_name': '证据文件',
                    'verbose_name_plural': '证据文件',
                    'ordering': ['-id'],
                },
            ),
        ]),
    ]
