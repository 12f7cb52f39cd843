"""The command ``python -m ubiops``."""

from __future__ import annotations

import sys

from ubiops._cli.main import main

if __name__ == "__main__":
    sys.exit(main())
