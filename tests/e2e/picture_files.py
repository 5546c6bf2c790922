"""Picture files of the kinds that OpenCV's own encoder does not write."""

import io
import struct
import zlib
from typing import Optional

import cv2
import numpy as np
from PIL import Image


def noise(height: int, width: int, channels: int = 3, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    """Every value occurs; no decoder can be right by chance."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def smooth(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A colour picture as a photograph is: soft, with a few edges."""
    rng = np.random.default_rng(seed)
    soft = cv2.resize(rng.uniform(0, 255, (height // 16 + 2, width // 16 + 2, 3)), (width, height),
                      interpolation=cv2.INTER_CUBIC)
    picture = np.clip(soft, 0, 255).astype(np.uint8)
    place = (width // 10, height // 2)
    cv2.putText(picture, "Pliant", place, cv2.FONT_HERSHEY_SIMPLEX, height / 120, (20, 30, 90), 3)
    return picture


def by_opencv(extension: str, pixels: np.ndarray, *options: int) -> bytes:
    done, data = cv2.imencode(extension, pixels, list(options))
    assert done
    return data.tobytes()


def by_pillow(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def tiff(orientation: int, big_endian: bool = False) -> bytes:
    """EXIF data with nothing but the orientation."""
    e = ">" if big_endian else "<"
    return ((b"MM\0*" if big_endian else b"II*\0") + struct.pack(e + "IH", 8, 1)
            + struct.pack(e + "HHIHHI", 0x0112, 3, 1, orientation, 0, 0))


def jpeg_with_exif(jpeg: bytes, orientation: int, big_endian: bool = False) -> bytes:
    data = b"Exif\0\0" + tiff(orientation, big_endian)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(header: tuple, raw: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """From (width, height, bits, colour type, interlaced) and unfiltered rows, each with its filter byte."""
    width, height, bits, kind, interlaced = header
    ihdr = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", ihdr) + before
            + png_chunk(b"IDAT", zlib.compress(raw)) + after + png_chunk(b"IEND", b""))


def png_rows(height: int, row_bytes: int, seed: int, filters: bool = True) -> bytes:
    """Random rows with all five filter types."""
    rng = np.random.default_rng(seed)
    return b"".join(bytes([y % 5 if filters else 0]) + rng.bytes(row_bytes) for y in range(height))


def bmp(width: int, height: int, bits: int, data: bytes, palette: bytes = b"", compression: int = 0,
        masks: Optional[tuple] = None, header_bytes: int = 40) -> bytes:
    """`masks` go behind a header of 40 bytes or into a longer one."""
    header = struct.pack("<IiiHHIIiiII", header_bytes, width, height, 1, bits, compression, len(data), 0, 0,
                         len(palette) // 4, 0)
    if masks:
        header += struct.pack(f"<{len(masks)}I", *masks)
    if header_bytes > 40:
        header += bytes(header_bytes - len(header))
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + palette + data


def bmp_rows(width: int, height: int, bits: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes((width * bits + 31) // 32 * 4 * height)
