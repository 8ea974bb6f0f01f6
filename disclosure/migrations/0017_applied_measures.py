import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('commitments', '0016_market_access'),
        ('disclosure', '0016_progress_is_kept'),
        ('registry', '0005_evidence_required'),
        ('verification', '0018_listed_measures_are_frozen'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='exchangerecord',
            name='exchange_dataset_of_its_row',
        ),
        migrations.AddField(
            model_name='exchangerecord',
            name='measure',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exchange_records', to='verification.appliedmeasure', verbose_name='措施'),
        ),
        migrations.AlterField(
            model_name='exchangerecord',
            name='commitment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exchange_records', to='commitments.commitment', verbose_name='信用承诺'),
        ),
        migrations.AlterField(
            model_name='exchangerecord',
            name='dataset',
            field=models.CharField(choices=[('commitment', '信用承诺'), ('interview', '约谈记录'), ('measure', '激励惩戒措施')], default='commitment', max_length=12, verbose_name='内容种类'),
        ),
        migrations.AlterField(
            model_name='exchangerecord',
            name='number',
            field=models.CharField(help_text='承诺编码、约谈编号或措施编号', max_length=20, verbose_name='编码'),
        ),
        migrations.AddConstraint(
            model_name='exchangerecord',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('commitment__isnull', False), ('dataset', 'interview'), ('interview__isnull', False), ('measure__isnull', True)), models.Q(('commitment__isnull', False), ('dataset', 'commitment'), ('interview__isnull', True), ('measure__isnull', True)), models.Q(('commitment__isnull', True), ('dataset', 'measure'), ('interview__isnull', True), ('measure__isnull', False)), _connector='OR'), name='exchange_dataset_of_its_row', violation_error_message='报送记录须有其承诺、约谈或者措施。'),
        ),
    ]
