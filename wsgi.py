"""The WSGI application. In: the environment. Out: `app`, for granian or any other server."""

from service import create_app
from service.web.redirects import in_front_of

app = in_front_of(create_app())
