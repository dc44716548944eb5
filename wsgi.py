"""The WSGI application. In: the environment. Out: `app`, for granian or any other server."""

from service import create_app

app = create_app()
