from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0009_list_of_the_admin'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='notificationsend',
            options={'permissions': [('redeliver_notificationsend', 'Can deliver notification send again'), ('give_up_notificationsend', 'Can give up notification send')]},
        ),
        migrations.AlterModelOptions(
            name='webhookendpoint',
            options={'permissions': [('switch_on_webhookendpoint', 'Can switch webhook endpoint on again'), ('switch_off_webhookendpoint', 'Can switch webhook endpoint off')]},
        ),
    ]
