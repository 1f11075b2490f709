import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('executions', '0008_told_once'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('usd', models.DecimalField(decimal_places=6, default=0, max_digits=12)),
                ('tokens', models.PositiveBigIntegerField(default=0)),
                ('unpriced_tokens', models.PositiveBigIntegerField(default=0)),
                ('run_count', models.PositiveIntegerField(default=0)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='spendings', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'spending',
                'constraints': [models.UniqueConstraint(fields=('user', 'month'), name='spending_one_per_month')],
                'indexes': [models.Index(models.F('month'), models.F('id'), name='spending_by_month')],
            },
        ),
    ]
