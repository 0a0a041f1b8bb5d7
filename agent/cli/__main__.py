"""`python -m agent.cli` is the command `lamppost`."""

import sys

from agent.cli import main

sys.exit(main())
