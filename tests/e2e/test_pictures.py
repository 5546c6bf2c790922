"""Decoded pixels against OpenCV's imread, and the network's input against OpenCV and NumPy."""

import math
import subprocess
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import picture_files as files
import pytest
from PIL import Image

Decode = Callable[[bytes], np.ndarray]


def run(*command: object) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([str(part) for part in command], capture_output=True, check=False)


@pytest.fixture
def decode(pliant_bin: Path, tmp_path: Path) -> Decode:
    """Decodes a file's bytes to BGR pixels as the library does."""

    def decode_bytes(data: bytes) -> np.ndarray:
        file, out = tmp_path / "picture", tmp_path / "decoded.ppm"
        file.write_bytes(data)
        done = run(pliant_bin / "pliant_decode", file, out)
        assert done.returncode == 0, done.stderr.decode()
        return cv2.imread(str(out), cv2.IMREAD_COLOR)

    return decode_bytes


def imread(data: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None, "OpenCV does not read this file"
    return pixels


def lossless_files() -> dict[str, bytes]:
    made = {}
    grey, color, alpha = (files.noise(37, 53, n) for n in (1, 3, 4))
    made["png-grey"] = files.by_opencv(".png", grey)
    made["png-rgb"] = files.by_opencv(".png", color)
    made["png-rgba"] = files.by_opencv(".png", alpha)
    made["png-rgb16"] = files.by_opencv(".png", files.noise(37, 53, 3, np.uint16))
    made["png-grey16"] = files.by_opencv(".png", files.noise(37, 53, 1, np.uint16))
    made["png-rgba16"] = files.by_opencv(".png", files.noise(37, 53, 4, np.uint16))
    made["png-grey-alpha"] = files.png((13, 11, 8, 4, 0), files.png_rows(11, 26, 1))
    made["png-grey-alpha16"] = files.png((13, 11, 16, 4, 0), files.png_rows(11, 52, 1))
    for bits in (1, 2, 4):
        made[f"png-grey{bits}"] = files.png((13, 11, bits, 0, 0),
                                              files.png_rows(11, (13 * bits + 7) // 8, bits))
    rng = np.random.default_rng(5)
    for bits in (1, 2, 4, 8):
        palette = files.png_chunk(b"PLTE", rng.bytes(3 << bits))
        rows = files.png_rows(11, (13 * bits + 7) // 8, bits, filters=False)
        made[f"png-palette{bits}"] = files.png((13, 11, bits, 3, 0), rows, palette)
        transparency = files.png_chunk(b"tRNS", rng.bytes(1 << bits))
        made[f"png-palette{bits}-transparent"] = files.png((13, 11, bits, 3, 0), rows, palette + transparency)
    made["png-rgb-transparent"] = files.png(
        (5, 4, 8, 2, 0), b"".join(b"\0" + bytes(range(y, y + 15)) for y in range(4)),
        files.png_chunk(b"tRNS", bytes([0, 3, 0, 4, 0, 5])))
    made["png-grey-transparent"] = files.png((16, 2, 8, 0, 0), files.png_rows(2, 16, 4, filters=False),
                                             files.png_chunk(b"tRNS", bytes([0, 3])))
    # Adam7: pass sizes of an 8x8 picture.
    passes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]
    interlaced = b"".join(files.png_rows(h, w * 3, i) for i, (h, w) in enumerate(passes))
    made["png-interlaced"] = files.png((8, 8, 8, 2, 1), interlaced)
    made["png-gamma"] = files.png((13, 11, 8, 2, 0), files.png_rows(11, 39, 9),
                                  files.png_chunk(b"gAMA", (30000).to_bytes(4, "big")))
    for orientation in range(1, 9):
        exif = files.png_chunk(b"eXIf", files.tiff(orientation, orientation % 2 == 0))
        made[f"png-exif-{orientation}"] = files.png((13, 11, 8, 2, 0), files.png_rows(11, 39, 2), exif)
    made["png-exif-behind"] = files.png((13, 11, 8, 2, 0), files.png_rows(11, 39, 2), b"",
                                        files.png_chunk(b"eXIf", files.tiff(6)))

    made["ppm"] = files.by_opencv(".ppm", color)
    made["pgm"] = files.by_opencv(".pgm", grey)
    made["pgm16"] = files.by_opencv(".pgm", files.noise(37, 53, 1, np.uint16))
    made["pgm-greatest-100"] = b"P5\n# a comment\n10 10\n100\n" + bytes(range(100))
    made["pgm16-greatest-1000"] = b"P5 10 5 1000\n" + np.arange(0, 1000, 20).astype(">u2").tobytes()
    made["ppm-one-line"] = b"P6 5 4 255 " + bytes(range(60))

    made["bmp24"] = files.by_opencv(".bmp", color)
    made["bmp8-grey"] = files.by_opencv(".bmp", grey)
    made["bmp32"] = files.by_opencv(".bmp", alpha)
    made["bmp24-top-down"] = files.bmp(7, -5, 24, files.bmp_rows(7, 5, 24, 1))
    for bits in (1, 4, 8):
        palette = rng.bytes(4 << bits)
        made[f"bmp{bits}"] = files.bmp(13, 7, bits, files.bmp_rows(13, 7, bits, bits), palette)
    made["bmp4-few-colors"] = files.bmp(13, 7, 4, files.bmp_rows(13, 7, 4, 8), rng.bytes(4 * 5))
    made["bmp16"] = files.bmp(13, 7, 16, files.bmp_rows(13, 7, 16, 3))
    made["bmp16-555"] = files.bmp(13, 7, 16, files.bmp_rows(13, 7, 16, 3), b"", 3, (0x7C00, 0x3E0, 0x1F))
    made["bmp16-565"] = files.bmp(13, 7, 16, files.bmp_rows(13, 7, 16, 3), b"", 3, (0xF800, 0x7E0, 0x1F))
    made["bmp32-plain"] = files.bmp(13, 7, 32, files.bmp_rows(13, 7, 32, 3))
    made["bmp32-masks"] = files.bmp(13, 7, 32, files.bmp_rows(13, 7, 32, 3), b"", 3, (0xFF0000, 0xFF00, 0xFF))
    made["bmp32-v4"] = files.bmp(13, 7, 32, files.bmp_rows(13, 7, 32, 3), b"", 3,
                                 (0xFF0000, 0xFF00, 0xFF, 0xFF000000), 108)
    palette = rng.bytes(64)
    codes = bytes([4, 1, 0, 0, 0, 4, 1, 2, 3, 0, 0, 0, 2, 7, 0, 2, 1, 0, 1, 3, 0, 1])
    made["bmp8-rle"] = files.bmp(4, 3, 8, codes, palette, 1)
    made["bmp8-rle-skip"] = files.bmp(4, 2, 8, bytes([1, 1, 0, 2, 2, 0, 1, 2, 0, 0, 2, 3, 0, 1]), palette, 1)
    made["bmp4-rle"] = files.bmp(5, 2, 4, bytes([5, 0x12, 0, 0, 0, 5, 0x12, 0x31, 0x20, 0, 0, 1]), palette, 2)
    for size in ((1, 1), (1, 9), (9, 1)):
        for extension in (".png", ".bmp", ".ppm"):
            made[f"{extension[1:]}-{size[0]}x{size[1]}"] = files.by_opencv(extension, files.noise(*size))
    return made


LOSSLESS = lossless_files()


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_pixels_are_those_of_imread(decode: Decode, name: str) -> None:
    assert np.array_equal(decode(LOSSLESS[name]), imread(LOSSLESS[name]))


def test_ppm16_takes_the_upper_bits(decode: Decode) -> None:
    """OpenCV 4.6 takes the lower 8 bits of a 16-bit PPM, which is no picture; here PPM is as PGM."""
    pixels = files.noise(5, 7, 3, np.uint16)
    data = b"P6 7 5 65535\n" + pixels[:, :, ::-1].astype(">u2").tobytes()
    assert np.array_equal(decode(data), pixels >> 8)


def test_bmp32_follows_its_masks(decode: Decode) -> None:
    """OpenCV 4.6 ignores the masks of 32 bits; here they decide."""
    rows = files.bmp_rows(13, 7, 32, 3)
    data = files.bmp(13, 7, 32, rows, b"", 3, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), 108)
    expected = np.frombuffer(rows, np.uint8).reshape(7, 13, 4)[::-1, :, 1:]
    assert np.array_equal(decode(data), expected)


def jpeg(pixels: np.ndarray, subsampling: int, **options: object) -> bytes:
    picture = Image.fromarray(pixels[:, :, ::-1])
    return files.by_pillow(picture, "JPEG", quality=92, subsampling=subsampling, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("big_endian", [False, True])
def test_jpeg_orientation(decode: Decode, orientation: int, big_endian: bool) -> None:
    data = files.jpeg_with_exif(jpeg(files.smooth(120, 200), 0), orientation, big_endian)
    ours, expected = decode(data), imread(data)
    assert ours.shape == expected.shape
    assert np.abs(ours.astype(int) - expected).max() <= 4


def difference(ours: np.ndarray, expected: np.ndarray) -> tuple[int, float]:
    assert ours.shape == expected.shape
    levels = np.abs(ours.astype(int) - expected.astype(int))
    return int(levels.max()), float(levels.mean())


# Greatest and mean difference in grey levels, as documented in docs/pictures.md.
JPEG_LIMITS = {"444": (0, {}, 3, 0.03), "422": (1, {}, 5, 0.25), "420": (2, {}, 4, 0.1),
               "420-progressive": (2, {"progressive": True}, 4, 0.1),
               "420-restart": (2, {"restart_marker_blocks": 3}, 4, 0.1)}


@pytest.mark.parametrize("kind", JPEG_LIMITS)
@pytest.mark.parametrize("seed", range(3))
def test_jpeg_is_close_to_libjpeg(decode: Decode, kind: str, seed: int) -> None:
    subsampling, options, greatest, mean = JPEG_LIMITS[kind]
    data = jpeg(files.smooth(233, 317, seed), subsampling, **options)
    worst, average = difference(decode(data), imread(data))
    assert worst <= greatest and average <= mean


def test_grey_jpeg(decode: Decode) -> None:
    data = files.by_pillow(Image.fromarray(files.smooth(120, 200)[:, :, 0]), "JPEG", quality=90)
    worst, _ = difference(decode(data), imread(data))
    assert worst <= 2


def test_cmyk_jpeg(decode: Decode) -> None:
    """As Adobe's programs write it: four inverted channels."""
    picture = Image.fromarray(files.smooth(120, 200)[:, :, ::-1]).convert("CMYK")
    data = files.by_pillow(picture, "JPEG", quality=95)
    worst, average = difference(decode(data), imread(data))
    assert worst <= 3 and average <= 1


def test_gif(decode: Decode) -> None:
    """OpenCV 4.6 reads no GIF: Pillow is the reference, for the first of several frames."""
    frames = [Image.fromarray(files.smooth(40, 60, seed)).quantize(64) for seed in range(3)]
    data = files.by_pillow(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.array_equal(decode(data), np.asarray(frames[0].convert("RGB"))[:, :, ::-1])


def test_transparent_gif(decode: Decode) -> None:
    """What is transparent shows the background that the file names."""
    picture = Image.new("P", (8, 6), 1)
    picture.putpalette([9, 9, 9, 200, 210, 220, 0, 0, 255] + [0] * 759)
    for x in range(5):
        picture.putpixel((x, 3), 2)
    data = files.by_pillow(picture, "GIF", transparency=1, background=1)
    expected = np.full((6, 8, 3), (220, 210, 200), np.uint8)
    expected[3, :5] = (255, 0, 0)
    assert np.array_equal(decode(data), expected)


def test_bad_pictures(pliant_bin: Path, tmp_path: Path) -> None:
    whole = {"jpg": jpeg(files.smooth(120, 200), 2), "png": LOSSLESS["png-rgb"], "bmp": LOSSLESS["bmp24"],
             "ppm": LOSSLESS["ppm"]}
    bad = {f"cut-{part}.{kind}": data[: len(data) * part // 100]
           for kind, data in whole.items() for part in (0, 1, 50, 90)}
    bad["text.png"] = b"This is a text.\n"
    bad["nothing.png"] = files.png((0, 0, 8, 2, 0), b"")
    bad["vast.png"] = files.png((100000, 100000, 8, 2, 0), b"")
    bad["jpeg-without-end.jpg"] = whole["jpg"][:-2]
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
        done = run(pliant_bin / "pliant_decode", tmp_path / name, tmp_path / "out.ppm")
        message = done.stderr.decode()
        assert done.returncode == 1 and name in message and message.count("\n") == 1, (name, message)
        assert not (tmp_path / "out.ppm").exists()


SIZES = [(720, 1280), (1280, 720), (500, 500), (49, 49), (1, 1), (3, 200), (200, 3), (736, 1100), (368, 640),
         (1472, 1472), (97, 1031)]


def reference_input(pixels: np.ndarray, short_side: int, mean: np.ndarray, uint8: bool) -> np.ndarray:
    """As MhLiao/DB's demo.py prepares a picture; NumPy's own types decide how values are rounded."""
    height, width = pixels.shape[:2]
    if height < width:
        size = (int(math.ceil(short_side / height * width / 32) * 32), short_side)
    else:
        size = (short_side, int(math.ceil(short_side / width * height / 32) * 32))
    if uint8:
        image = cv2.resize(pixels, size).astype(np.float32)
    else:
        image = cv2.resize(pixels.astype(np.float32), size)
    image -= mean
    image /= 255.0
    return image.transpose(2, 0, 1)


def preprocess(pliant_bin: Path, folder: Path, picture: np.ndarray, **options: object) -> np.ndarray:
    file, out = folder / "picture.ppm", folder / "input.f32"
    cv2.imwrite(str(file), picture)
    arguments = [f"{name}={value}" for name, value in options.items()]
    done = run(pliant_bin / "pliant_preprocess", file, out, *arguments)
    assert done.returncode == 0, done.stderr.decode()
    height, width = map(int, done.stdout.decode().split("x"))
    return np.fromfile(out, np.float32).reshape(3, height, width)


MEAN = np.array([122.67891434, 116.66876762, 104.00698793])
MEAN_OPTIONS = {f"mean{i}": repr(float(value)) for i, value in enumerate(MEAN)}


@pytest.mark.parametrize("uint8", [False, True], ids=["float32", "uint8"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_input_is_bit_identical(pliant_bin: Path, tmp_path: Path, size: tuple[int, int], uint8: bool) -> None:
    pixels = files.noise(*size, seed=size[0])
    short_side = 736 if max(size) < 20 * min(size) else 64
    ours = preprocess(pliant_bin, tmp_path, pixels, short_side=short_side,
                      pixels="uint8" if uint8 else "float32", **MEAN_OPTIONS)
    expected = reference_input(pixels, short_side, MEAN, uint8)
    assert ours.shape == expected.shape
    assert np.array_equal(ours, expected)


def test_rgb_mean_and_std(pliant_bin: Path, tmp_path: Path) -> None:
    """The order of the ImageNet recipes: colours swapped, then mean and std arrays of doubles."""
    pixels = files.noise(200, 300)
    mean, std = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    options = {f"mean{i}": repr(float(v)) for i, v in enumerate(mean)}
    options.update({f"std{i}": repr(float(v)) for i, v in enumerate(std)})
    ours = preprocess(pliant_bin, tmp_path, pixels, short_side=320, scale=1, order="rgb", **options)
    expected = cv2.resize(pixels[:, :, ::-1].astype(np.float32), (480, 320))
    expected -= mean
    expected /= 1.0
    expected /= std
    assert np.array_equal(ours, expected.transpose(2, 0, 1))


def test_every_square_has_the_original_size(pliant_bin: Path, tmp_path: Path) -> None:
    """736 / n * n is not always 736 in doubles; then a square becomes longer by 32."""
    odd = [n for n in range(1, 400) if math.ceil(736 / n * n / 32) * 32 != 736]
    assert odd, "the case does not occur, so this test says nothing"
    for n in odd[:5] + [64]:
        ours = preprocess(pliant_bin, tmp_path, files.noise(n, n), **MEAN_OPTIONS)
        assert ours.shape[1:] == (768 if n in odd else 736, 736)
