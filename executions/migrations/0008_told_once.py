from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('executions', '0007_failed_for_one_reason'),
        ('tasks', '0010_permissions_of_the_desk'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='execution',
            name='claim',
            field=models.CharField(max_length=300, null=True),
        ),
        migrations.AddConstraint(
            model_name='execution',
            constraint=models.UniqueConstraint(condition=models.Q(('claim__isnull', False)), fields=('task', 'claim'), name='execution_told_once'),
        ),
    ]
