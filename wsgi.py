"""The WSGI application. In: the environment. Out: `app`, for granian or any other server."""

import gc

from service import create_app
from service.web.redirects import in_front_of

app = in_front_of(create_app())
# What stands now stays. Looking through it for garbage again and again would stop visitors for a tenth of a second.
gc.freeze()
# A visit that waits for its writing is no garbage; by the usual threshold each hundred of them would be looked through.
gc.set_threshold(20_000, 20, 50)
