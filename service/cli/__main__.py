"""`python -m service.cli`. In: words. Out: what `goodword` does; how `goodword up` starts its children."""

from service.cli import main

main()
