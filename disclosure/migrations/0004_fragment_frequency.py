from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0003_decisions_are_kept")]

    operations = [
        migrations.CreateModel(
            name="FragmentFrequency",
            fields=[
                (
                    "fragment",
                    models.CharField(max_length=4, primary_key=True, serialize=False, verbose_name="字或两字"),
                ),
                ("share", models.FloatField(verbose_name="占名称的比例")),
                ("counted_at", models.DateTimeField(verbose_name="统计时间")),
            ],
            options={
                "verbose_name": "名称用字频率",
                "verbose_name_plural": "名称用字频率",
                "ordering": ["-share"],
            },
        ),
    ]
