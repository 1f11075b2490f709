
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('executions', '0005_claimed_by_statement'),
        ('tasks', '0009_failing_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='execution',
            index=models.Index(models.F('status'), models.F('created_at'), condition=models.Q(('status__in', ['failed', 'cancelled'])), name='execution_unsuccessful'),
        ),
    ]
