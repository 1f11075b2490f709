"""Indexes by which every list of sends is found, whatever its filters."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("notifications", "0005_notices")]

    operations = [
        migrations.RemoveIndex(
            model_name='notificationsend',
            name='send_list',
        ),
        migrations.RemoveIndex(
            model_name='notificationsend',
            name='send_of_status',
        ),
        migrations.RemoveIndex(
            model_name='notificationsend',
            name='send_of_recipient',
        ),
        migrations.RemoveIndex(
            model_name='notificationsend',
            name='send_list_of_task',
        ),
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(models.F('user'), models.F('created_at'), models.F('id'), name='send_list'),
        ),
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(models.F('status'), models.F('user'), models.F('notification_type'), models.F('created_at'), models.F('id'), name='send_of_status'),
        ),
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(models.F('task_id'), models.F('user'), django.db.models.functions.datetime.TruncDate('created_at'), models.F('status'), models.F('notification_type'), models.F('recipient'), name='send_of_task'),
        ),
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(models.F('recipient'), models.F('user'), django.db.models.functions.datetime.TruncDate('created_at'), models.F('status'), models.F('notification_type'), name='send_of_recipient'),
        ),
        migrations.AddIndex(
            model_name='notificationsend',
            index=models.Index(models.F('event_type'), models.F('user'), models.F('created_at'), models.F('id'), condition=models.Q(('event_type', 'task.condition_met'), _negated=True), name='send_of_event'),
        ),
    ]
