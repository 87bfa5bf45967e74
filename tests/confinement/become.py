"""A program as the user of a mode: ``python become.py ROOT MODE PROGRAM ...``, where ROOT and MODE are as for ``driver.py``."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import driver  # type: ignore[import-not-found]


def main() -> None:
    confinement = driver.loaded("confinement", Path(sys.argv[1]) / "fal_runtime" / "confinement" / "__init__.py")
    driver.become(sys.argv[2], confinement)
    os.execv(sys.argv[3], sys.argv[3:])


if __name__ == "__main__":
    main()
