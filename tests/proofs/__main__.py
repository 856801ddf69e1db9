"""`python -m tests.proofs [KIND] [FROM] [TO]`: draws contents of chance on six panels and prints what is wrong, with the numbers that make
it again: `content.content(NUMBER, KIND)` on `content.geometry(NUMBER, PANEL)`.
"""

from __future__ import annotations

import sys
import time

from kiosk.content.kinds import KINDS
from tests.proofs import contents
from tests.support.proof import proving

SHOWN = 6


def main() -> None:
    words = sys.argv[1:]
    kind = words.pop(0) if words and words[0] in KINDS else ""
    first, last = (int(word) for word in words) if len(words) == 2 else (0, 30)
    wrong, start = 0, time.monotonic()
    with proving() as proof:
        for number in range(first, last):
            view = contents.content(number, kind)
            for panel in range(len(contents.PANELS)):
                geometry = contents.geometry(number, panel)
                if faults := proof.faults(view, geometry):
                    wrong += 1
                    print(f"{view.kind} content {number} panel {panel} ({geometry.key}): {len(faults)} faults")
                    print("\n".join(f"    {fault}" for fault in faults[:SHOWN]), flush=True)
    count = (last - first) * len(contents.PANELS)
    print(f"{wrong} of {count} slides have faults; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
