#!/usr/bin/python3
"""Makes the sample pictures beside this file again.

    make_pictures.py [--out DIR] [--lines DIR] [NAME ...]

Needs Debian 12's python3-pil, python3-numpy and python3-opencv, and for the glyphs fonts-cns11643-kai,
fonts-cns11643-sung, fonts-wqy-microhei, fonts-cwtex-heib, fonts-smiley-sans, fonts-kouzan-mouhitsu,
fonts-lato and fonts-ebgaramond. The same packages give the same pixels. Nothing of this is needed to build
or to use the runtime.

--lines writes what the pictures say: NAME.json, a list of {"text", "polygon"}; points are in pixels of the
upright picture. Seals are left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import sys

from PIL import Image

SEED = 20240229
PICTURES = ('classical_page', 'rubbing', 'notice', 'street')
# Stored a quarter turn to the left, with the EXIF mark that asks for a quarter turn to the right,
# as a phone does it.
TURNED = {'notice'}
QUALITY = 88
ORIENTATION = 0x0112


def save(image: Image.Image, path: pathlib.Path, turned: bool) -> None:
    """Writes a JPEG, stored turned and marked with orientation 6 if asked."""
    exif = Image.Exif()
    if turned:
        image = image.transpose(Image.ROTATE_90)
        exif[ORIENTATION] = 6
    extra = {'exif': exif.tobytes()} if turned else {}
    image.save(path, quality=QUALITY, optimize=True, **extra)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description='Makes the sample pictures.')
    parser.add_argument(
        'names', nargs='*', metavar='NAME', help=f"of {', '.join(PICTURES)}; all if none is given"
    )
    parser.add_argument(
        '--out', type=pathlib.Path, default=pathlib.Path(__file__).parent, help='where they go'
    )
    parser.add_argument(
        '--lines', type=pathlib.Path, help='a folder for NAME.json: text and polygon of each line'
    )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(PICTURES))
    if unknown:
        parser.error(f"no picture is called {', '.join(unknown)}: choose from {', '.join(PICTURES)}")
    for name in options.names or PICTURES:
        sheet = importlib.import_module(f'recipes.{name}').make(SEED)
        path = options.out / f'{name}.jpg'
        save(sheet.image(), path, name in TURNED)
        if options.lines:
            lines = [{'text': text, 'polygon': polygon.round(1).tolist()} for text, polygon in sheet.lines]
            (options.lines / f'{name}.json').write_text(
                json.dumps(lines, ensure_ascii=False, indent=1) + '\n'
            )
        print(
            f'{path}: {sheet.width} x {sheet.height}, {path.stat().st_size // 1024} KiB, '
            f'{len(sheet.lines)} lines of text'
        )
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
