import uuid

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import Together


NAME_FRAGMENTS = """
CREATE FUNCTION registry_name_fragments(name text, searchable boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT CASE WHEN searchable THEN
        ARRAY(SELECT DISTINCT part FROM (
            SELECT substr(name, i, 1) AS part FROM generate_series(1, length(name)) AS i
            UNION ALL
            SELECT substr(name, i, 2) FROM generate_series(1, length(name) - 1) AS i
        ) AS parts)
    END
$$
"""


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('registry', '0001_initial'),
        ('registry', '0002_regions'),
        ('registry', '0003_published_is_frozen'),
        ('registry', '0004_staff_mobile'),
        ('registry', '0005_evidence_required'),
        ('registry', '0006_unit_contacts'),
        ('registry', '0007_subject_access'),
        ('registry', '0008_items_materials'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        migrations.RunSQL(NAME_FRAGMENTS, "DROP FUNCTION registry_name_fragments(text, boolean)"),
        Together([
            migrations.CreateModel(
                name='NumberCounter',
                fields=[
                    ('series', models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name='序列')),
                    ('last', models.PositiveIntegerField(default=0, verbose_name='末号')),
                ],
                options={
                    'verbose_name': '编号',
                    'verbose_name_plural': '编号',
                },
            ),
            migrations.CreateModel(
                name='Region',
                fields=[
                    ('code', models.CharField(max_length=6, primary_key=True, serialize=False, verbose_name='行政区划代码')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('path', models.CharField(editable=False, max_length=120, unique=True, verbose_name='路径')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.region', verbose_name='上级')),
                ],
                options={
                    'verbose_name': '行政区划',
                    'verbose_name_plural': '行政区划',
                    'ordering': ['path'],
                },
            ),
            migrations.CreateModel(
                name='WrongCode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(db_index=True)),
                    ('address', models.CharField(max_length=64)),
                    ('subject', models.CharField(max_length=64)),
                ],
                options={
                    'verbose_name': '输错的代码',
                    'verbose_name_plural': '输错的代码',
                    'indexes': [models.Index(fields=['address', 'at'], name='wrong_by_address'), models.Index(fields=['subject', 'at'], name='wrong_by_subject')],
                },
            ),
            migrations.CreateModel(
                name='OccupationGroup',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.SlugField(max_length=30, unique=True, verbose_name='编码')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('positions', models.CharField(blank=True, max_length=300, verbose_name='包括的岗位')),
                    ('basis', models.CharField(max_length=300, verbose_name='依据')),
                    ('valid_from', models.DateField(verbose_name='生效日期')),
                    ('valid_to', models.DateField(blank=True, null=True, verbose_name='停用日期')),
                    ('order', models.PositiveSmallIntegerField(default=0, verbose_name='顺序')),
                ],
                options={
                    'verbose_name': '重点职业人群',
                    'verbose_name_plural': '重点职业人群',
                    'ordering': ['order', 'code'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='occupation_dates_in_order', violation_error_message='停用日期不能早于生效日期。'), models.CheckConstraint(condition=models.Q(('basis', ''), _negated=True), name='occupation_has_basis', violation_error_message='职业人群须写明依据。')],
                },
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('display_name', models.CharField(max_length=60, verbose_name='姓名')),
                    ('window_label', models.CharField(blank=True, help_text='例如：3 号窗口', max_length=20, verbose_name='窗口')),
                    ('left_on', models.DateField(blank=True, null=True, verbose_name='离岗日期')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='staff', to='registry.department', verbose_name='部门')),
                    ('mobile_sealed', models.TextField(blank=True, editable=False, verbose_name='手机号码（加密）')),
                ],
                options={
                    'verbose_name': '工作人员',
                    'verbose_name_plural': '工作人员',
                    'ordering': ['username'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('is_superuser', False)), name='user_no_superuser', violation_error_message='本系统不设超级用户，请按角色授权。'), models.CheckConstraint(condition=models.Q(('left_on__isnull', True), ('is_active', False), _connector='OR'), name='user_left_is_inactive', violation_error_message='已离岗的账号须停用。')],
                },
                managers=[
                    ('objects', django.contrib.auth.models.UserManager()),
                ],
            ),
            migrations.CreateModel(
                name='CreditSubject',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('kind', models.CharField(choices=[('organisation', '法人及非法人组织'), ('sole_trader', '个体工商户'), ('person', '自然人')], max_length=20, verbose_name='类别')),
                    ('uscc', models.CharField(blank=True, max_length=18, null=True, unique=True, verbose_name='统一社会信用代码')),
                    ('id_number_sealed', models.TextField(blank=True, editable=False, verbose_name='身份证号码（加密）')),
                    ('id_number_index', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('name_source', models.CharField(choices=[('licence', '营业执照'), ('registration', '登记证书'), ('gsxt', '国家企业信用信息公示系统'), ('identity_card', '居民身份证'), ('platform', '信用信息共享平台'), ('department', '部门报送'), ('declared', '申请人陈述')], max_length=20, verbose_name='名称来源')),
                    ('phone_sealed', models.TextField(blank=True, editable=False, verbose_name='联系电话（加密）')),
                    ('state_owned', models.BooleanField(default=False, verbose_name='国有企业或公共机构')),
                    ('registered_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('registered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                    ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.region', verbose_name='登记时所在区划')),
                ],
                options={
                    'verbose_name': '信用主体',
                    'verbose_name_plural': '信用主体',
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('id_number_index__isnull', False), ('kind', 'person'), ('uscc__isnull', True)), models.Q(models.Q(('kind', 'person'), _negated=True), ('id_number_index__isnull', True), ('uscc__isnull', False)), _connector='OR'), name='subject_code_by_kind', violation_error_message='自然人须有身份证号码，其他主体须有统一社会信用代码。')],
                },
            ),
            migrations.CreateModel(
                name='Department',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uscc', models.CharField(max_length=18, unique=True, verbose_name='统一社会信用代码')),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('short_name', models.CharField(max_length=40, verbose_name='简称')),
                    ('kind', models.CharField(choices=[('credit_office', '信用主管部门'), ('approval_bureau', '行政审批局'), ('competent', '行业主管部门'), ('township', '乡镇（街道、开发区）'), ('association', '行业协会商会'), ('tax', '税务机关'), ('other', '其他')], max_length=20, verbose_name='类别')),
                    ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                    ('phone', models.CharField(blank=True, max_length=40, verbose_name='公开电话')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('head', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='heads', to=settings.AUTH_USER_MODEL, verbose_name='负责人')),
                    ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='departments', to='registry.region', verbose_name='行政区划')),
                ],
                options={
                    'verbose_name': '部门',
                    'verbose_name_plural': '部门',
                    'ordering': ['region_id', 'name'],
                },
            ),
            migrations.CreateModel(
                name='HistoricalResponsiblePerson',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('uuid', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                    ('capacity', models.CharField(choices=[('legal_representative', '法定代表人'), ('principal', '主要负责人'), ('controller', '实际控制人')], max_length=30, verbose_name='身份')),
                    ('name', models.CharField(max_length=200, verbose_name='姓名')),
                    ('id_number_sealed', models.TextField(blank=True, editable=False, verbose_name='身份证号码（加密）')),
                    ('id_number_index', models.CharField(db_index=True, editable=False, max_length=64, null=True)),
                    ('from_on', models.DateField(blank=True, null=True, verbose_name='任职自')),
                    ('until_on', models.DateField(blank=True, null=True, verbose_name='任职至')),
                    ('source', models.CharField(choices=[('licence', '营业执照'), ('registration', '登记证书'), ('gsxt', '国家企业信用信息公示系统'), ('identity_card', '居民身份证'), ('platform', '信用信息共享平台'), ('department', '部门报送'), ('declared', '申请人陈述')], max_length=20, verbose_name='来源')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.creditsubject', verbose_name='主体')),
                ],
                options={
                    'verbose_name': 'historical 责任人员',
                    'verbose_name_plural': 'historical 责任人员',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalUser',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(db_index=True, error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('display_name', models.CharField(max_length=60, verbose_name='姓名')),
                    ('window_label', models.CharField(blank=True, help_text='例如：3 号窗口', max_length=20, verbose_name='窗口')),
                    ('left_on', models.DateField(blank=True, null=True, verbose_name='离岗日期')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.department', verbose_name='部门')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('mobile_sealed', models.TextField(blank=True, editable=False, verbose_name='手机号码（加密）')),
                ],
                options={
                    'verbose_name': 'historical 工作人员',
                    'verbose_name_plural': 'historical 工作人员',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalDepartment',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('uscc', models.CharField(db_index=True, max_length=18, verbose_name='统一社会信用代码')),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('short_name', models.CharField(max_length=40, verbose_name='简称')),
                    ('kind', models.CharField(choices=[('credit_office', '信用主管部门'), ('approval_bureau', '行政审批局'), ('competent', '行业主管部门'), ('township', '乡镇（街道、开发区）'), ('association', '行业协会商会'), ('tax', '税务机关'), ('other', '其他')], max_length=20, verbose_name='类别')),
                    ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                    ('phone', models.CharField(blank=True, max_length=40, verbose_name='公开电话')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('head', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='负责人')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('region', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.region', verbose_name='行政区划')),
                ],
                options={
                    'verbose_name': 'historical 部门',
                    'verbose_name_plural': 'historical 部门',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalCreditSubject',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('uuid', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                    ('kind', models.CharField(choices=[('organisation', '法人及非法人组织'), ('sole_trader', '个体工商户'), ('person', '自然人')], max_length=20, verbose_name='类别')),
                    ('uscc', models.CharField(blank=True, db_index=True, max_length=18, null=True, verbose_name='统一社会信用代码')),
                    ('id_number_sealed', models.TextField(blank=True, editable=False, verbose_name='身份证号码（加密）')),
                    ('id_number_index', models.CharField(db_index=True, editable=False, max_length=64, null=True)),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('name_source', models.CharField(choices=[('licence', '营业执照'), ('registration', '登记证书'), ('gsxt', '国家企业信用信息公示系统'), ('identity_card', '居民身份证'), ('platform', '信用信息共享平台'), ('department', '部门报送'), ('declared', '申请人陈述')], max_length=20, verbose_name='名称来源')),
                    ('phone_sealed', models.TextField(blank=True, editable=False, verbose_name='联系电话（加密）')),
                    ('state_owned', models.BooleanField(default=False, verbose_name='国有企业或公共机构')),
                    ('registered_at', models.DateTimeField(verbose_name='登记时间')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('registered_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                    ('region', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.region', verbose_name='登记时所在区划')),
                ],
                options={
                    'verbose_name': 'historical 信用主体',
                    'verbose_name_plural': 'historical 信用主体',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ResponsiblePerson',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('capacity', models.CharField(choices=[('legal_representative', '法定代表人'), ('principal', '主要负责人'), ('controller', '实际控制人')], max_length=30, verbose_name='身份')),
                    ('name', models.CharField(max_length=200, verbose_name='姓名')),
                    ('id_number_sealed', models.TextField(blank=True, editable=False, verbose_name='身份证号码（加密）')),
                    ('id_number_index', models.CharField(db_index=True, editable=False, max_length=64, null=True)),
                    ('from_on', models.DateField(blank=True, null=True, verbose_name='任职自')),
                    ('until_on', models.DateField(blank=True, null=True, verbose_name='任职至')),
                    ('source', models.CharField(choices=[('licence', '营业执照'), ('registration', '登记证书'), ('gsxt', '国家企业信用信息公示系统'), ('identity_card', '居民身份证'), ('platform', '信用信息共享平台'), ('department', '部门报送'), ('declared', '申请人陈述')], max_length=20, verbose_name='来源')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responsible', to='registry.creditsubject', verbose_name='主体')),
                ],
                options={
                    'verbose_name': '责任人员',
                    'verbose_name_plural': '责任人员',
                    'constraints': [models.UniqueConstraint(condition=models.Q(('until_on__isnull', True)), fields=('subject', 'capacity'), name='responsible_one_current', violation_error_message='该身份已有在任人员，请先登记其任职结束。')],
                },
            ),
            migrations.CreateModel(
                name='ServiceItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40, unique=True, verbose_name='事项编码')),
                    ('retired_on', models.DateField(blank=True, null=True, verbose_name='停用日期')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示数据')),
                    ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='registry.department', verbose_name='主管部门')),
                    ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.region', verbose_name='行政区划')),
                ],
                options={
                    'verbose_name': '服务事项',
                    'verbose_name_plural': '服务事项',
                    'ordering': ['code'],
                },
            ),
            migrations.CreateModel(
                name='HistoricalServiceItemVersion',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('number', models.PositiveIntegerField(verbose_name='版本号')),
                    ('status', models.CharField(choices=[('draft', '草稿'), ('published', '现行'), ('frozen', '历史')], default='draft', max_length=10, verbose_name='状态')),
                    ('name', models.CharField(max_length=200, verbose_name='事项名称')),
                    ('pinyin', models.CharField(blank=True, help_text='窗口快速选择用，例如 spjyxk', max_length=60, verbose_name='简拼')),
                    ('domain', models.CharField(choices=[('approval', '行政审批'), ('subsidy', '财政资金补助'), ('procurement', '政府采购'), ('public_works', '政府投资工程建设'), ('land', '招标投标方式出让土地使用权'), ('state_assets', '国有资产产权交易'), ('tax_relief', '税收优惠政策'), ('qualification', '资格审核认定'), ('awards', '评优评级'), ('recruitment', '公务员和事业单位人员招聘'), ('food_drug', '食品药品安全'), ('environment', '环境保护'), ('product_quality', '产品质量'), ('health', '医疗卫生'), ('construction', '工程建设'), ('education', '教育科研'), ('e_commerce', '电子商务'), ('equity', '股权投资'), ('finance', '融资担保'), ('bidding', '招标投标'), ('market_access', '市场准入'), ('real_estate', '不动产登记'), ('social_insurance', '社会保险和医疗保险'), ('exams', '考试考核'), ('transport', '交通运输'), ('industry', '行业自律'), ('other', '其他')], max_length=30, verbose_name='领域')),
                    ('allowed_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('voluntary', '主动型'), ('approval', '审批替代型'), ('supervisory', '监管辅助型'), ('industry', '行业自律型'), ('repair', '信用修复型')], max_length=20), size=None, verbose_name='可用承诺类型')),
                    ('scope', models.CharField(choices=[('must', '应当采用承诺制'), ('may', '可以采用承诺制')], default='may', max_length=10, verbose_name='适用要求')),
                    ('in_hall', models.BooleanField(default=True, verbose_name='政务服务大厅办理')),
                    ('checkpoint', models.CharField(choices=[('acceptance', '受理环节'), ('review', '资格审查环节'), ('decision', '决定环节'), ('none', '不设信用审查')], max_length=12, verbose_name='信用审查环节')),
                    ('allows_late_materials', models.BooleanField(default=False, verbose_name='可容缺受理')),
                    ('promised_working_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺办结时限（工作日）')),
                    ('validity_months', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺有效期（月）')),
                    ('publicity_class', models.CharField(choices=[('public', '可向社会公开'), ('limited', '特定范围内公开'), ('closed', '不可公开')], default='public', max_length=10, verbose_name='默认公开类型')),
                    ('legal_basis', models.CharField(blank=True, max_length=300, verbose_name='依据')),
                    ('valid_from', models.DateField(blank=True, null=True, verbose_name='生效日期')),
                    ('valid_to', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                    ('published_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='发布时间')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('published_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('item', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.serviceitem', verbose_name='事项')),
                    ('evidence_required', models.BooleanField(default=False, help_text='核查后须附网站查询情况的截屏，才能继续办理', verbose_name='须留存查询截屏')),
                    ('handled_at_once', models.BooleanField(default=False, help_text='承诺符合条件并交齐材料的，当日出结果', verbose_name='即时办理')),
                    ('materials', models.JSONField(blank=True, default=list, help_text='[{"name": "…", "source": "…", "late": false}]，late：可以后补', verbose_name='申请材料')),
                    ('days_spared', models.PositiveSmallIntegerField(blank=True, help_text='采用承诺制比一般程序少几个工作日', null=True, verbose_name='承诺可少等的时间（工作日）')),
                    ('materials_spared', models.PositiveSmallIntegerField(blank=True, help_text='采用承诺制比一般程序少交几件', null=True, verbose_name='承诺可少交的材料（件）')),
                    ('once_a_year', models.BooleanField(default=False, help_text='文本须有填写项“年度”；同一年度再签时会询问（R32）', verbose_name='每个年度一份')),
                    ('online', models.BooleanField(default=False, help_text='主体可以在手机上自助签署（R34）', verbose_name='可网上承诺')),
                    ('occupation', models.ForeignKey(blank=True, db_constraint=False, help_text='由这一人群的成员以个人名义承诺；文本须有填写项“单位”“岗位”（R9、R19）', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registry.occupationgroup', verbose_name='重点职业人群')),
                ],
                options={
                    'verbose_name': 'historical 事项版本',
                    'verbose_name_plural': 'historical 服务事项目录',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ServiceItemVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField(verbose_name='版本号')),
                    ('status', models.CharField(choices=[('draft', '草稿'), ('published', '现行'), ('frozen', '历史')], default='draft', max_length=10, verbose_name='状态')),
                    ('name', models.CharField(max_length=200, verbose_name='事项名称')),
                    ('pinyin', models.CharField(blank=True, help_text='窗口快速选择用，例如 spjyxk', max_length=60, verbose_name='简拼')),
                    ('domain', models.CharField(choices=[('approval', '行政审批'), ('subsidy', '财政资金补助'), ('procurement', '政府采购'), ('public_works', '政府投资工程建设'), ('land', '招标投标方式出让土地使用权'), ('state_assets', '国有资产产权交易'), ('tax_relief', '税收优惠政策'), ('qualification', '资格审核认定'), ('awards', '评优评级'), ('recruitment', '公务员和事业单位人员招聘'), ('food_drug', '食品药品安全'), ('environment', '环境保护'), ('product_quality', '产品质量'), ('health', '医疗卫生'), ('construction', '工程建设'), ('education', '教育科研'), ('e_commerce', '电子商务'), ('equity', '股权投资'), ('finance', '融资担保'), ('bidding', '招标投标'), ('market_access', '市场准入'), ('real_estate', '不动产登记'), ('social_insurance', '社会保险和医疗保险'), ('exams', '考试考核'), ('transport', '交通运输'), ('industry', '行业自律'), ('other', '其他')], max_length=30, verbose_name='领域')),
                    ('allowed_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('voluntary', '主动型'), ('approval', '审批替代型'), ('supervisory', '监管辅助型'), ('industry', '行业自律型'), ('repair', '信用修复型')], max_length=20), size=None, verbose_name='可用承诺类型')),
                    ('scope', models.CharField(choices=[('must', '应当采用承诺制'), ('may', '可以采用承诺制')], default='may', max_length=10, verbose_name='适用要求')),
                    ('in_hall', models.BooleanField(default=True, verbose_name='政务服务大厅办理')),
                    ('checkpoint', models.CharField(choices=[('acceptance', '受理环节'), ('review', '资格审查环节'), ('decision', '决定环节'), ('none', '不设信用审查')], max_length=12, verbose_name='信用审查环节')),
                    ('allows_late_materials', models.BooleanField(default=False, verbose_name='可容缺受理')),
                    ('promised_working_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺办结时限（工作日）')),
                    ('validity_months', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺有效期（月）')),
                    ('publicity_class', models.CharField(choices=[('public', '可向社会公开'), ('limited', '特定范围内公开'), ('closed', '不可公开')], default='public', max_length=10, verbose_name='默认公开类型')),
                    ('legal_basis', models.CharField(blank=True, max_length=300, verbose_name='依据')),
                    ('valid_from', models.DateField(blank=True, null=True, verbose_name='生效日期')),
                    ('valid_to', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                    ('published_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='发布时间')),
                    ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='registry.serviceitem', verbose_name='事项')),
                    ('published_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('evidence_required', models.BooleanField(default=False, help_text='核查后须附网站查询情况的截屏，才能继续办理', verbose_name='须留存查询截屏')),
                    ('handled_at_once', models.BooleanField(default=False, help_text='承诺符合条件并交齐材料的，当日出结果', verbose_name='即时办理')),
                    ('materials', models.JSONField(blank=True, default=list, help_text='[{"name": "…", "source": "…", "late": false}]，late：可以后补', verbose_name='申请材料')),
                    ('days_spared', models.PositiveSmallIntegerField(blank=True, help_text='采用承诺制比一般程序少几个工作日', null=True, verbose_name='承诺可少等的时间（工作日）')),
                    ('materials_spared', models.PositiveSmallIntegerField(blank=True, help_text='采用承诺制比一般程序少交几件', null=True, verbose_name='承诺可少交的材料（件）')),
                    ('once_a_year', models.BooleanField(default=False, help_text='文本须有填写项“年度”；同一年度再签时会询问（R32）', verbose_name='每个年度一份')),
                    ('online', models.BooleanField(default=False, help_text='主体可以在手机上自助签署（R34）', verbose_name='可网上承诺')),
                    ('occupation', models.ForeignKey(blank=True, help_text='由这一人群的成员以个人名义承诺；文本须有填写项“单位”“岗位”（R9、R19）', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.occupationgroup', verbose_name='重点职业人群')),
                ],
                options={
                    'verbose_name': '事项版本',
                    'verbose_name_plural': '服务事项目录',
                    'ordering': ['item', '-number'],
                    'constraints': [models.UniqueConstraint(fields=('item', 'number'), name='item_version_number'), models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('item',), name='item_one_published', violation_error_message='该事项已有现行版本。'), models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('item',), name='item_one_draft', violation_error_message='该事项已有草稿版本。'), models.CheckConstraint(condition=models.Q(('status', 'draft'), models.Q(('published_at__isnull', False), ('valid_from__isnull', False)), _connector='OR'), name='item_version_dated', violation_error_message='现行和历史版本须有生效日期。'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='item_version_dates_in_order', violation_error_message='失效日期不能早于生效日期。')],
                },
            ),
            migrations.CreateModel(
                name='SubjectName',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200, verbose_name='名称')),
                    ('source', models.CharField(choices=[('licence', '营业执照'), ('registration', '登记证书'), ('gsxt', '国家企业信用信息公示系统'), ('identity_card', '居民身份证'), ('platform', '信用信息共享平台'), ('department', '部门报送'), ('declared', '申请人陈述')], max_length=20, verbose_name='来源')),
                    ('valid_from', models.DateField(blank=True, null=True, verbose_name='自')),
                    ('valid_to', models.DateField(blank=True, null=True, verbose_name='至')),
                    ('searchable', models.BooleanField(default=True, editable=False)),
                    ('recorded_at', models.DateTimeField(verbose_name='登记时间')),
                    ('fragments', models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), models.F('searchable'), function='registry_name_fragments'), output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None))),
                    ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                    ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='names', to='registry.creditsubject', verbose_name='主体')),
                ],
                options={
                    'verbose_name': '主体名称',
                    'verbose_name_plural': '主体名称',
                    'ordering': ['-id'],
                    'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['fragments'], name='subject_name_fragments')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('valid_to__isnull', True)), fields=('subject',), name='subject_one_current_name')],
                },
            ),
        ]),
    ]
