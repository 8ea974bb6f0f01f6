import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0003_squashed_0010_self_service'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalserviceitemversion',
            name='subject_kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('organisation', '法人及非法人组织'), ('sole_trader', '个体工商户'), ('person', '自然人')], max_length=20), blank=True, default=list, help_text='一个都不选的，不限；每个年度一份的，限自然人', size=None, verbose_name='谁可以承诺'),
        ),
        migrations.AddField(
            model_name='serviceitemversion',
            name='subject_kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('organisation', '法人及非法人组织'), ('sole_trader', '个体工商户'), ('person', '自然人')], max_length=20), blank=True, default=list, help_text='一个都不选的，不限；每个年度一份的，限自然人', size=None, verbose_name='谁可以承诺'),
        ),
    ]
