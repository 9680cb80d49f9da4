"""`python -m cds_service` is the console script."""

import sys

from cds_service.cli import main

sys.exit(main())
