"""The entry of the web server: ``gunicorn webapp.wsgi:app``."""

from webapp.factory import create_app

app = create_app()
