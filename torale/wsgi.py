"""The WSGI application that `manage.py web` serves."""

import os
import sys

from django.core.wsgi import get_wsgi_application
from django.db import Error, connection

from torale import kept_connection, proofs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torale.settings")
application = get_wsgi_application()

kept_connection.keep_connections()
# If the database is unavailable now, the check is made at the first connection.
proofs.check_at_first_connection()
try:
    connection.ensure_connection()
except proofs.SecretsDiffer as error:
    sys.exit(f"torale: {error}")
except Error:
    pass
finally:
    connection.close()
