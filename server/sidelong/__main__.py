"""`python -m sidelong` is the `sidelong` command."""

import sys

from sidelong.cli import main

sys.exit(main())
