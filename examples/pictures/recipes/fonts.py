"""The fonts of the sample pictures: a short name, the file, and Debian's package that brings it."""

import functools
import os

from PIL import ImageFont

ROOT = '/usr/share/fonts/'
FONTS = {
    'kai': ('truetype/cns11643/TW-Kai-98_1.ttf', 'fonts-cns11643-kai'),
    'song': ('truetype/cns11643/TW-Sung-98_1.ttf', 'fonts-cns11643-sung'),
    'hei': ('truetype/wqy/wqy-microhei.ttc', 'fonts-wqy-microhei'),
    'heavy': ('truetype/cwtex/cwheib.ttf', 'fonts-cwtex-heib'),
    'slanted': ('truetype/smiley-sans/SmileySans-Oblique.ttf', 'fonts-smiley-sans'),
    'brush': ('truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf', 'fonts-kouzan-mouhitsu'),
    'running': ('truetype/kouzan-mouhitsu/kouzan-mouhitsu-gyosho.ttf', 'fonts-kouzan-mouhitsu'),
    'lato': ('truetype/lato/Lato-Regular.ttf', 'fonts-lato'),
    'lato-bold': ('truetype/lato/Lato-Bold.ttf', 'fonts-lato'),
    'lato-black': ('truetype/lato/Lato-Black.ttf', 'fonts-lato'),
    'garamond': ('opentype/ebgaramond/EBGaramond12-Regular.otf', 'fonts-ebgaramond'),
    'garamond-italic': ('opentype/ebgaramond/EBGaramond12-Italic.otf', 'fonts-ebgaramond'),
}


@functools.cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The font of that short name, `size` pixels an em.

    Raises FileNotFoundError that names the package to install.
    """
    path, package = FONTS[name]
    if not os.path.exists(ROOT + path):
        raise FileNotFoundError(
            f"font '{name}' is expected at {ROOT + path}, which is not there: install {package}"
        )
    return ImageFont.truetype(ROOT + path, size)


@functools.cache
def require(name: str, text: str) -> None:
    """Raises ValueError if the font has no visible glyph for a character of `text`, an easy oversight.

    A missing character is told by its bitmap, which is that of U+FFFF (never a character) or empty.
    """
    face = font(name, 32)
    missing = bytes(face.getmask('\uffff'))
    absent = [
        c for c in text if not c.isspace() and (not any(mask := bytes(face.getmask(c))) or mask == missing)
    ]
    if absent:
        raise ValueError(f"font '{name}' has no glyph for {''.join(absent)}: choose another font or spelling")
