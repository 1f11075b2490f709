import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0007_counts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(django.db.models.functions.text.Concat('status', models.Value(' '), 'event_type', models.Value(' '), 'notification_type', output_field=models.TextField()), models.F('created_at'), name='send_kind'),
        ),
    ]
