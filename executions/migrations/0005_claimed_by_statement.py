from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('executions', '0004_second_look'),
        ('tasks', '0008_failing_spells'),
        ('procrastinate', '0041_post_retry_failed_job'),
    ]

    operations = [
        migrations.AddField(
            model_name='execution',
            name='user',
            field=models.ForeignKey(
                settings.AUTH_USER_MODEL,
                models.DO_NOTHING,
                related_name='+',
                null=True,
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AddField(
            model_name='execution',
            name='hosts',
            field=ArrayField(models.TextField(), default=list, db_default=[]),
        ),
        migrations.RunSQL(
            """
            UPDATE executions_execution AS execution SET user_id = task.user_id
            FROM tasks_task AS task WHERE task.id = execution.task_id
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='execution',
            name='user',
            field=models.ForeignKey(
                settings.AUTH_USER_MODEL,
                models.DO_NOTHING,
                related_name='+',
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.RemoveIndex(model_name='execution', name='execution_open'),
        migrations.AddIndex(
            model_name='execution',
            index=models.Index(
                'user',
                'next_attempt_at',
                name='execution_due',
                condition=Q(status__in=('pending', 'retrying')),
            ),
        ),
        migrations.AddIndex(
            model_name='execution',
            index=models.Index(
                'leased_until', name='execution_leased', condition=Q(status='running')
            ),
        ),
        # Nothing runs these jobs any more. Workers claim the executions themselves, and what the
        # notices tell is recorded as sends.
        migrations.RunSQL(
            """
            DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'failed')
            AND task_name IN ('run_execution', 'recover_executions', 'send_notice')
            """,
            migrations.RunSQL.noop,
        ),
    ]
