"""The fonts that documents are set in: the open ones of the locked wheel `rendercv-fonts`, and no others.

Fontconfig is pointed at those folders only, so that a document looks the same on every machine and nothing is fetched.
All of them are under the SIL Open Font License and allow embedding (OS/2 fsType 0).
"""

import atexit
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

import rendercv_fonts
from fontTools.ttLib import TTFont

_ROOT = Path(rendercv_fonts.__file__).parent
_FOLDERS = ("Source Sans 3", "Open Sans", "Noto Sans")
_REGULAR = {
    "Source Sans 3": "Source Sans 3/SourceSans3-Regular.ttf",
    "Open Sans": "Open Sans/OpenSans-Regular.ttf",
    "Noto Sans": "Noto Sans/NotoSans-Regular.ttf",
    "Noto Sans JP": "Noto Sans/NotoSansJP-Regular.ttf",
    "Noto Sans KR": "Noto Sans/NotoSansKR-Regular.ttf",
    "Noto Sans SC": "Noto Sans/NotoSansSC-Regular.ttf",
}
LATIN_FALLBACKS = ("Source Sans 3", "Noto Sans", "Open Sans")
CJK_FAMILIES = ("Noto Sans JP", "Noto Sans SC", "Noto Sans KR")


def seal(folder: Path | None = None) -> None:
    """Show this process our fonts and no others. Must be called before WeasyPrint is imported.

    `folder` takes the configuration and fontconfig's cache; processes may share one, which spares them the first scan.
    Without it, a temporary folder is made that goes away with the process.
    """
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="jobwise-fonts-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "fonts.conf"
    if not path.exists():
        # Written aside and renamed: another process may be reading it at this moment.
        draft = folder / f"fonts.conf.{os.getpid()}"
        draft.write_text(_configuration(folder / "cache"), encoding="utf-8")
        draft.replace(path)
    os.environ["FONTCONFIG_FILE"] = str(path)


def _configuration(cache: Path) -> str:
    folders = "".join(f"<dir>{escape(str(_ROOT / name))}</dir>" for name in _FOLDERS)
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"{folders}<cachedir>{escape(str(cache))}</cachedir></fontconfig>"
    )


@lru_cache(maxsize=len(_REGULAR))
def characters(family: str) -> frozenset[int]:
    """The code points that a family has glyphs for."""
    with TTFont(_ROOT / _REGULAR[family], lazy=True) as font:
        return frozenset(font.getBestCmap())


def sealed() -> bool:
    """Whether this process sees our fonts alone."""
    path = os.environ.get("FONTCONFIG_FILE", "")
    return bool(path) and Path(path).is_file() and str(_ROOT) in Path(path).read_text(encoding="utf-8")
