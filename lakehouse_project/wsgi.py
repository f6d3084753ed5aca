"""The web application, for `granian --interface wsgi lakehouse_project.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lakehouse_project.settings")

application = get_wsgi_application()
