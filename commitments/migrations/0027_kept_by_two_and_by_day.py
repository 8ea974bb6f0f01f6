import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps, kept_by

# What there is already says how it is kept by its general contents, as `obligations/making.py` does for what comes. A day
# other than the end of the term was filled into the clause. The clause of late materials follows what came of them.
KINDS = """
UPDATE commitments_obligation AS duty
SET kind = said.kind,
    due_on = CASE said.kind WHEN 'declared' THEN NULL WHEN 'late' THEN said.last_on ELSE duty.due_on END
FROM (
    SELECT duty.id, late.last_on, CASE
        WHEN late.last_on IS NOT NULL AND (clause.body LIKE '%{补交日期}%'
            OR pledge->>'clause' IS NULL AND starts_with(pledge->>'text', '容缺材料：')) THEN 'late'
        WHEN duty.due_on IS DISTINCT FROM one.valid_until THEN 'to_do'
        WHEN duty.clause_no = 0
            OR clause.covers && '{obey_law,lawful_business,accept_supervision}'::varchar[] THEN 'kept_up'
        WHEN clause.covers <> '{}' AND clause.covers
                <@ '{no_dishonesty,true_materials,agree_publication,accept_consequences}'::varchar[]
            OR pledge->>'clause' IS NULL AND starts_with(pledge->>'text', '如实说明：') THEN 'declared'
        ELSE 'to_do' END AS kind
    FROM commitments_obligation AS duty
    JOIN commitments_commitment AS one ON one.id = duty.commitment_id
    LEFT JOIN commitments_supplement AS late ON late.commitment_id = one.id
    LEFT JOIN LATERAL (
        SELECT part AS pledge FROM jsonb_array_elements(one.content) AS part
        WHERE (part->>'no')::int = duty.clause_no LIMIT 1
    ) AS signed ON true
    LEFT JOIN commitments_clause AS clause
        ON clause.id = (signed.pledge->>'clause')::bigint AND clause.version_id = one.text_version_id
) AS said
WHERE said.id = duty.id AND said.kind <> 'to_do'
"""
COMPLETE = """
INSERT INTO commitments_obligationfinding (obligation_id, state, partly, found_on, done_on, at, note)
SELECT duty.id, 'kept', false, late.ended_on, came.day, now(), '容缺材料全部收到'
FROM commitments_obligation AS duty
JOIN commitments_supplement AS late ON late.commitment_id = duty.commitment_id
CROSS JOIN LATERAL (
    SELECT max(received_on) AS day FROM commitments_promisedmaterial AS one WHERE one.supplement_id = late.id
) AS came
WHERE duty.kind = 'late' AND duty.state = 'open'
    AND (late.state = 'done' OR late.state = 'closed' AND late.close_reason = 'came_late');
UPDATE commitments_obligation AS duty SET state = 'kept', found_on = late.ended_on
FROM commitments_supplement AS late
WHERE late.commitment_id = duty.commitment_id AND duty.kind = 'late' AND duty.state = 'open'
    AND (late.state = 'done' OR late.state = 'closed' AND late.close_reason = 'came_late');
"""
ONLINE_READINGS = """
UPDATE commitments_readingoffer AS offer SET place = 'online'
FROM commitments_draft AS draft
WHERE offer.place = 'window' AND draft.clerk_id IS NULL AND offer.key = 'window:' || draft.uuid || ':' || offer.reading_id
"""
# The seed of a plan comes with its approval: before, nobody could know it, and afterwards nobody changes it.
PLAN = """
CREATE OR REPLACE FUNCTION commitments_refuse_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'next_on', 'decided_by_id', 'decided_at', 'decision_note', 'ended_by_id',
        'ended_at', 'end_reason'];
BEGIN
    {seed}
    IF (to_jsonb(NEW) - moving) IS DISTINCT FROM (to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION '复核计划 % 不能更改', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""
SEED_AT_PROPOSAL = PLAN.format(seed="")
SEED_AT_APPROVAL = PLAN.format(
    seed="IF OLD.state = 'proposed' AND NEW.state = 'approved' THEN moving := moving || ARRAY['seed']; END IF;"
)
# What two people settled stays as they settled it.
REVIEWS_ARE_KEPT = """
CREATE FUNCTION commitments_refuse_review_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'waiting'
        OR (NEW.commitment_id, NEW.department_id, NEW.asked_at)
            IS DISTINCT FROM (OLD.commitment_id, OLD.department_id, OLD.asked_at)
        OR NEW.asked_by_id IS DISTINCT FROM OLD.asked_by_id OR NEW.partner_id IS DISTINCT FROM OLD.partner_id THEN
        RAISE EXCEPTION '全部履行的确认 % 不能更改', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commitments_fulfilmentreview_kept BEFORE UPDATE OR DELETE ON commitments_fulfilmentreview
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse_review_change();
"""


class Migration(InSteps):

    dependencies = [
        ('commitments', '0026_material_files'),
        ('outbox', '0005_complaint_scope'),
        ('registry', '0003_squashed_0010_self_service'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='clause',
            name='keeping',
            field=models.CharField(blank=True, choices=[('to_do', '按期完成：做完就算，例如在某日前完工'), ('kept_up', '持续做到：有效期内一直做到'), ('declared', '如实声明：签署时的情况，没有要另外做的事')], help_text='不选的，按对应的一般承诺内容', max_length=10, verbose_name='怎样履行'),
        ),
        migrations.AddField(
            model_name='obligation',
            name='kind',
            field=models.CharField(choices=[('to_do', '按期完成'), ('kept_up', '持续做到'), ('declared', '如实声明'), ('late', '补交容缺材料')], db_default='to_do', default='to_do', max_length=10, verbose_name='怎样履行'),
        ),
        migrations.AddField(
            model_name='obligationfinding',
            name='corrects',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='commitments.obligationfinding', verbose_name='更正的核实'),
        ),
        migrations.AddField(
            model_name='obligationfinding',
            name='done_on',
            field=models.DateField(blank=True, null=True, verbose_name='实际履行日期'),
        ),
        migrations.AlterField(
            model_name='breachcase',
            name='source',
            field=models.CharField(choices=[('inspection', '监督检查'), ('recheck', '承诺复核'), ('late_materials', '容缺材料逾期未补'), ('complaint', '投诉举报核实'), ('bulk', '批量归集待认定'), ('warning', '预警'), ('other', '其他')], max_length=20, verbose_name='线索来源'),
        ),
        migrations.AlterField(
            model_name='historicalbreachcase',
            name='source',
            field=models.CharField(choices=[('inspection', '监督检查'), ('recheck', '承诺复核'), ('late_materials', '容缺材料逾期未补'), ('complaint', '投诉举报核实'), ('bulk', '批量归集待认定'), ('warning', '预警'), ('other', '其他')], max_length=20, verbose_name='线索来源'),
        ),
        migrations.CreateModel(
            name='FulfilmentReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', '待另一人确认'), ('confirmed', '已确认'), ('void', '不再需要确认')], default='waiting', max_length=10, verbose_name='状态')),
                ('asked_at', models.DateTimeField(verbose_name='登记时间')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='决定时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人')),
                ('commitment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='fulfilment_reviews', to='commitments.commitment', verbose_name='承诺')),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='确认人')),
                ('department', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.department', verbose_name='负责部门')),
                ('partner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outbox.partnersystem', verbose_name='报告的系统')),
            ],
            options={
                'verbose_name': '全部履行的确认',
                'verbose_name_plural': '全部履行的确认',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['commitment', 'id'], name='fulfilment_review_by_one'), models.Index(condition=models.Q(('state', 'waiting')), fields=['department', 'id'], name='fulfilment_review_waits')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'waiting')), models.Q(('decided_at__isnull', False), ('state', 'void')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state', 'confirmed')), _connector='OR'), name='fulfilment_review_decided', violation_error_message='确认须有确认人和时间。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), ('asked_by__isnull', True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='fulfilment_review_by_two', violation_error_message='全部履行由登记人以外的另一人确认。'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('commitment',), name='fulfilment_review_one_waits', violation_error_message='这份承诺已在等待确认。')],
            },
        ),
        # Rows and shape in one transaction: what deferred constraints have to say is said before a table changes again.
        migrations.RunSQL(
            [KINDS, COMPLETE, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"],
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='readingoffer',
            name='place',
            field=models.CharField(choices=[('window', '窗口办理申请、备案'), ('online', '网上承诺'), ('registration', '登记和网上开通'), ('own', '主体自己的网页')], max_length=12, verbose_name='提供的环节'),
        ),
        # What was read in a draft of a subject's own pages was counted as read at the counter.
        migrations.RunSQL(ONLINE_READINGS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='recheckplan',
            name='seed',
            field=models.CharField(blank=True, editable=False, help_text='批准时由系统随机生成，抽取以前不向任何人显示', max_length=64, verbose_name='种子'),
        ),
        migrations.RunSQL(SEED_AT_APPROVAL, SEED_AT_PROPOSAL),
        kept_by(REVIEWS_ARE_KEPT),
    ]
