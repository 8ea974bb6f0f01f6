from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_squashed_0003_reads_by_access'),
    ]

    operations = [
        migrations.AddField(
            model_name='readlog',
            name='partner_id',
            field=models.BigIntegerField(null=True, verbose_name='对接系统编号'),
        ),
    ]
