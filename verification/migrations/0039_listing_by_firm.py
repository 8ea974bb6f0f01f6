from django.db import migrations, models

from credit_portal.audit.migrating import InSteps


class Migration(InSteps):
    # Whoever answers for two firms stands on a list for each of them.

    dependencies = [
        ('verification', '0038_systems_watched'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='listing',
            name='listing_one_running',
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.UniqueConstraint(
                condition=models.Q(('state__in', ['refused', 'exited', 'revoked']), _negated=True),
                fields=('subject', 'list_name', 'firm'),
                name='listing_one_running',
                nulls_distinct=False,
                violation_error_message='这个主体已在办理列入这份名单。',
            ),
        ),
    ]
