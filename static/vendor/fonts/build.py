"""Makes the bundled fonts: python build.py FOLDER-OF-TTFS. Needs fonttools and brotli; run once, by hand.

Sources: Noto Sans SC and Noto Serif SC static TTFs (OFL 1.1). Medium keeps every Han character of the source, so that rare
names (䶮 㛃 𬱖) are drawn; the other weights keep GB 2312 and what a board's frame needs, and fall back to Medium.
"""
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

SOURCES = {"NotoSansSC-Medium": ("NotoSansSC_500Medium.ttf", True), "NotoSansSC-Bold": ("NotoSansSC_700Bold.ttf", False),
           "NotoSansSC-Black": ("NotoSansSC_900Black.ttf", False), "NotoSerifSC-Bold": ("NotoSerifSC_700Bold.ttf", False)}


def gb2312() -> set[int]:
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(c) for pair in pairs for c in pair.decode("gb2312", "ignore")}


def subset(source: Path, target: Path, everything: bool) -> None:
    options = Options()
    options.flavor, options.layout_features, options.hinting, options.notdef_outline = "woff2", ["kern", "tnum", "locl", "ccmp"], False, True
    font = load_font(str(source), options)
    wanted = gb2312() | set(range(0x20, 0x180)) | set(range(0x2000, 0x2070)) | set(range(0x2100, 0x2200)) | set(range(0x2460, 0x2500)) \
        | set(range(0x25A0, 0x2670)) | set(range(0x3000, 0x3040)) | set(range(0xFF00, 0xFFF0)) | {ord(c) for c in "䶮㛃𬱖"}
    if everything:
        wanted |= set(font.getBestCmap())
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    save_font(font, str(target), options)


if __name__ == "__main__":
    folder, here = Path(sys.argv[1]), Path(__file__).parent
    for name, (source, everything) in SOURCES.items():
        path = next(folder.rglob(source))
        subset(path, here / f"{name}.woff2", everything)
        print(name, (here / f"{name}.woff2").stat().st_size)
