"""``python -m negotiation_abm.cli``."""

import sys

from negotiation_abm.cli import main

sys.exit(main())
