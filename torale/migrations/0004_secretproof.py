from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('torale', '0003_heartbeat'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecretProof',
            fields=[
                ('setting', models.CharField(max_length=50, primary_key=True, serialize=False)),
                ('proof', models.TextField()),
            ],
        ),
    ]
