"""python -m kiosk. The relay's command is loaded without the others, which it neither needs nor, on Windows, could load."""

import sys
from importlib import import_module


def main() -> int:
    code: int = import_module("kiosk.relaying" if sys.argv[1:2] == ["relay"] else "kiosk.cli").main()
    return code


if __name__ == "__main__":
    sys.exit(main())
