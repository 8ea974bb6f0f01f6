from datetime import date

from django.db import migrations

from credit_portal.audit.migrating import kept_by


# A draft may be anything. What has been published only ends; what has ended stays as it is.
PUBLISHED_IS_FROZEN = """
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
# What was recorded stays.
UNIT_CONTACTS = """
CREATE TRIGGER registry_unitcontact_kept BEFORE DELETE ON registry_unitcontact
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
SUBJECT_ACCESS = """
CREATE TRIGGER registry_subjectaccess_kept BEFORE DELETE ON registry_subjectaccess
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER registry_accesscode_kept BEFORE DELETE ON registry_accesscode
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""


# The tree of regions (GB/T 2260) that the shipped rules speak of: code, name, code of the region above
REGIONS = [
    ("000000", "全国", None),
    ("130000", "河北省", "000000"),
    ("130100", "石家庄市", "130000"),
    ("130111", "栾城区", "130100"),
    ("130129", "赞皇县", "130100"),
    ("410000", "河南省", "000000"),
    ("410100", "郑州市", "410000"),
    ("410103", "二七区", "410100"),
]


def enter_regions(apps, schema_editor):
    Region = apps.get_model("registry", "Region")
    paths = {}
    for code, name, parent in REGIONS:
        paths[code] = f"{paths[parent]}/{code}" if parent else code
        Region.objects.using(schema_editor.connection.alias).get_or_create(
            code=code, defaults={"name": name, "parent_id": parent, "path": paths[code]}
        )


S0, S1, S4 = "S0 一（一）5「重点职业人群」", "S1 二（二）「重点岗位从业者」", "S4「重点岗位职业人群」"
# As the documents name them; the credit office changes the list.
GROUPS = (
    ("civil-servants", "公务员和行政执法、行政服务人员", "公务员、行政执法人员、窗口人员", f"{S0}；{S1}；{S4}"),
    ("representatives", "企业主要负责人", "法定代表人、高级管理人员", f"{S0}；{S1}"),
    ("lawyers", "律师", "执业律师", f"{S0}；{S1}；{S4}"),
    ("accountants", "会计和审计人员", "会计、注册会计师、审计师", f"{S0}；{S1}；{S4}"),
    ("appraisers", "评估师", "资产评估师、房地产估价师", S0),
    ("inspectors", "认证和检验检测人员", "认证人员、检验检测人员", S0),
    ("teachers", "教育从业人员", "教师、校外培训从业人员", f"{S0}；{S1}；{S4}"),
    ("doctors", "医疗卫生人员", "医师、护士、药师", f"{S0}；{S1}；{S4}"),
    ("guides", "旅游从业人员", "导游、领队", f"{S0}；{S1}；{S4}"),
    ("estate-agents", "房地产中介从业人员", "房地产经纪人", f"{S1}；{S4}"),
    ("finance", "金融从业人员", "银行、保险、证券从业人员", f"{S1}；{S4}"),
    ("researchers", "科研人员", "研究人员", S0),
    ("statisticians", "统计人员", "统计人员、统计调查员", S0),
    ("tax-agents", "税务从业人员", "涉税服务人员", S0),
    ("journalists", "新闻媒体从业人员", "记者、编辑", S0),
    ("homecare", "家政服务人员", "家政服务员、养老护理员", S0),
    ("patent-agents", "专利服务人员", "专利代理师", S0),
    ("intermediaries", "中介服务从业人员", "其他中介服务从业人员", S0),
)


def enter_occupations(apps, schema_editor):
    group = apps.get_model("registry", "OccupationGroup")
    group.objects.bulk_create(
        group(
            code=code, name=name, positions=positions, basis=basis, valid_from=date(2020, 1, 1), order=10 * at
        )
        for at, (code, name, positions, basis) in enumerate(GROUPS, 1)
    )


class Migration(migrations.Migration):

    replaces = [
        ('registry', '0010_self_service'),
    ]

    dependencies = [
        ('registry', '0002_contacts_and_access'),
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        kept_by(PUBLISHED_IS_FROZEN),
        kept_by(UNIT_CONTACTS),
        kept_by(SUBJECT_ACCESS),
        migrations.RunPython(enter_regions, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(enter_occupations, migrations.RunPython.noop, elidable=False),
    ]
