import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps, kept_by


# Beside what is kept since the table was made: whose reading it was.
KEPT = """
CREATE TRIGGER verification_unusualreading_partner_kept BEFORE UPDATE ON verification_unusualreading
    FOR EACH ROW WHEN (NEW.partner_id IS DISTINCT FROM OLD.partner_id) EXECUTE FUNCTION audit_refuse_change();
"""


class Migration(InSteps):

    dependencies = [
        ('outbox', '0005_complaint_scope'),
        ('verification', '0037_corrected_complaints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='readerday',
            name='reader_day_once',
        ),
        migrations.RemoveConstraint(
            model_name='unusualreading',
            name='unusual_once',
        ),
        migrations.AddField(
            model_name='readerday',
            name='partner',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outbox.partnersystem', verbose_name='对接系统'),
        ),
        migrations.AddField(
            model_name='unusualreading',
            name='partner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outbox.partnersystem', verbose_name='对接系统'),
        ),
        migrations.AlterField(
            model_name='readerday',
            name='reader',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reader_days', to=settings.AUTH_USER_MODEL, verbose_name='查阅人'),
        ),
        migrations.AlterField(
            model_name='unusualreading',
            name='reader',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='unusual_readings', to=settings.AUTH_USER_MODEL, verbose_name='查阅人'),
        ),
        migrations.AlterField(
            model_name='unusualreading',
            name='usual',
            field=models.PositiveIntegerField(null=True, verbose_name='平常每日'),
        ),
        migrations.AddConstraint(
            model_name='readerday',
            constraint=models.UniqueConstraint(fields=('reader', 'partner', 'day'), name='reader_day_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='readerday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('partner__isnull', True), ('reader__isnull', False)), models.Q(('partner__isnull', False), ('reader__isnull', True)), _connector='OR'), name='reader_day_of_one', violation_error_message='查阅人是一名工作人员或者一个对接系统，二者其一。'),
        ),
        migrations.AddConstraint(
            model_name='unusualreading',
            constraint=models.UniqueConstraint(fields=('reader', 'partner', 'day', 'kind', 'avoided'), name='unusual_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='unusualreading',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('partner__isnull', True), ('reader__isnull', False)), models.Q(('partner__isnull', False), ('reader__isnull', True)), _connector='OR'), name='unusual_of_one', violation_error_message='查阅人是一名工作人员或者一个对接系统，二者其一。'),
        ),
        kept_by(KEPT),
    ]
