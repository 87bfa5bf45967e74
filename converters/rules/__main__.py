"""`python -m converters.rules > docs/rules.md`: write the documentation of the rules."""

from __future__ import annotations

import sys

from converters.rules.document import document

if __name__ == "__main__":
    sys.stdout.write(document())
