"""The command `pliant-convert`."""

from __future__ import annotations

import argparse
import difflib
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, NoReturn, Optional

from .errors import ConvertError
from .models import MAX_SIDE, RECIPES
from .version import VERSION

FAILED = 1
MOST_OF_MESSAGE = 8000  # characters
USAGE = 2

DESCRIPTION = """\
Converts a PyTorch checkpoint (a state dict, saved with torch.save or as safetensors) to a Pliant model file.
The architecture is recognised from the keys and shapes of the weights, or is your own module (--model). No
code of the checkpoint is ever run.
"""
EPILOG = """\
examples:
  pliant-convert totaltext_resnet18 -o totaltext.pliant
  pliant-convert model.pth -o model.pliant --box-thresh 0.4 --verify
  pliant-convert weights.pth --dry-run
  pliant-convert weights.pth --model my_net.py:MyNet --model-args '{"width": 32}' -o m.pliant

exit codes: 0 done, 1 the work failed, 2 wrong usage
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: error: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(USAGE)


def _number(low: float, high: float, what: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is not {what}")
        return number

    return parse


def _short_side(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 32 <= int(text) <= MAX_SIDE or int(text) % 32:
        raise argparse.ArgumentTypeError(f"'{text}' is not a multiple of 32 from 32 to {MAX_SIDE}")
    return int(text)


def _shape(text: str) -> tuple[int, ...]:
    parts = text.lower().split("x")
    if not 1 <= len(parts) <= 6 or not all(
        p.isascii() and p.isdigit() and 0 < int(p) < 1 << 31 for p in parts
    ):
        raise argparse.ArgumentTypeError(f"'{text}' is not a shape such as 1x3x640x640")
    return tuple(map(int, parts))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pliant-convert",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    share = _number(0, 1, "a number from 0 to 1")
    parser.add_argument(
        "checkpoint", metavar="CHECKPOINT", nargs="?", type=Path, help="the checkpoint to convert"
    )
    parser.add_argument("-o", "--output", metavar="MODEL.pliant", type=Path, help="the model file to write")
    parser.add_argument("--arch", metavar="NAME", help="the architecture, instead of recognising it")
    parser.add_argument("--list-archs", action="store_true", help="list the known architectures and exit")
    parser.add_argument(
        "--verify", action="store_true", help="run the result in Pliant and compare it with PyTorch"
    )
    parser.add_argument(
        "--pliant", metavar="PATH", help="the command for --verify (default: $PLIANT_COMMAND, then PATH)"
    )
    parser.add_argument("--name", help="the model's name in the file (default: the checkpoint's)")
    parser.add_argument(
        "--output-logits", action="store_true", help="add the values before the last sigmoid as an output"
    )
    parser.add_argument(
        "--weights",
        choices=("float32", "float16"),
        default="float32",
        help="the weights' type in the file; float16 halves its size (default: float32)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print what was recognised and each layer with its weights' keys; write nothing",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    own = parser.add_argument_group(
        "your own module, in place of a recognised architecture (its Python code is run)"
    )
    own.add_argument(
        "--model", metavar="FILE.py:CLASS", help="the module's class, or a function that makes it"
    )
    own.add_argument("--model-args", metavar="JSON", default="", help="what the class is called with")
    own.add_argument(
        "--input",
        metavar="SHAPE",
        type=_shape,
        action="append",
        help="the shape of an input, once for each (default: 1x3x640x640); batch, height and width stay free",
    )
    own.add_argument("--fixed-sizes", action="store_true", help="take inputs of exactly these shapes alone")
    own.add_argument(
        "--ignore-keys", metavar="REGEX", default="", help="keys of the checkpoint that may be left over"
    )
    group = parser.add_argument_group(
        "values for the text detector (default: those of the checkpoint's project)"
    )
    group.add_argument(
        "--thresh", metavar="X", type=share, help="a pixel is text where its probability is above X"
    )
    group.add_argument(
        "--box-thresh", metavar="X", type=share, help="a region is kept where its mean is at least X"
    )
    group.add_argument(
        "--unclip-ratio",
        metavar="X",
        type=_number(0.01, 100, "a number from 0.01 to 100"),
        help="how far regions grow, quads and polygons alike",
    )
    group.add_argument(
        "--short-side",
        metavar="N",
        type=_short_side,
        help="bring the picture's short side to N pixels: a rule that limits sizes gives way to that, and "
        "where the long side is limited besides, a greater N raises its limit by the same factor",
    )
    return parser


def _list_architectures() -> None:
    width = max(len(recipe.name) for recipe in RECIPES)
    for recipe in RECIPES:
        print(f"{recipe.name:{width}}  {recipe.summary} ({recipe.source})")


def _given(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _convert(arguments: argparse.Namespace) -> None:
    # PyTorch takes seconds to import; --help and usage errors need not wait for it.
    from . import conversion, report, verify

    command = verify.find_command(arguments.pliant) if arguments.verify else None
    postprocess = _given(arguments, "thresh", "box_thresh", "unclip_ratio")
    if arguments.unclip_ratio is not None:
        postprocess["polygon_unclip_ratio"] = arguments.unclip_ratio
    options = conversion.Options(
        arch=arguments.arch,
        name=arguments.name,
        output_logits=arguments.output_logits,
        weights=arguments.weights,
        short_side=arguments.short_side,
        postprocess=postprocess,
        progress=report.progress_bar(),
    )
    if arguments.model is not None:
        shapes = arguments.input or [(1, 3, 640, 640)]
        options.own = conversion.OwnModule(
            arguments.model, arguments.model_args, shapes, arguments.fixed_sizes, arguments.ignore_keys
        )
    converted = conversion.convert_checkpoint(arguments.checkpoint, options)
    if arguments.dry_run:
        print(report.dry_run(converted))
        return
    conversion.save(converted, arguments.checkpoint, arguments.output)
    print(
        f"{arguments.output}: {converted.label} ({converted.sizes}), "
        f"{converted.parameters() / 1e6:.2f} M parameters, {len(converted.data) / 1e6:.1f} MB"
    )
    for note in converted.notes:
        print(f"note: {note}")
    if command is not None:
        _verify(arguments, converted, command)


def _verify(arguments: argparse.Namespace, converted: Any, command: str) -> None:
    from . import verify

    limit = verify.HALF_TOLERANCE if arguments.weights == "float16" else verify.TOLERANCE
    difference = verify.largest_difference(converted, arguments.output, command)
    if difference > limit:
        raise ConvertError(
            f"verification failed: the largest difference from PyTorch is {difference:.3g}, "
            f"expected at most {limit:g}"
        )
    print(f"verified: the largest difference from PyTorch is {difference:.3g}")


def _check_own(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Options that go with --model, and options that do not."""
    if arguments.model is None:
        for name in ("model_args", "input", "fixed_sizes", "ignore_keys"):
            if getattr(arguments, name):
                parser.error(f"--{name.replace('_', '-')} is for your own module; give --model FILE.py:CLASS")
        return
    for name in ("arch", "thresh", "box_thresh", "unclip_ratio", "short_side"):
        if getattr(arguments, name) is not None:
            parser.error(f"--{name.replace('_', '-')} is for recognised text detectors, not for --model")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs the command; returns its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.list_archs:
        _list_architectures()
        return 0
    if arguments.checkpoint is None:
        parser.error("a CHECKPOINT is needed")
    if arguments.output is None and not arguments.dry_run:
        parser.error("-o MODEL.pliant is needed")
    names = [recipe.name for recipe in RECIPES]
    if arguments.arch is not None and arguments.arch not in names:
        near = difflib.get_close_matches(arguments.arch, names, n=3)
        hint = f"near are {', '.join(near)}; " if near else ""
        parser.error(f"unknown architecture '{arguments.arch}'; {hint}--list-archs names all")
    _check_own(parser, arguments)
    if arguments.dry_run and arguments.verify:
        parser.error("--verify needs a written file; leave out --dry-run")
    if arguments.verify and arguments.output.exists() and not arguments.output.is_file():
        parser.error(f"--verify needs a file that it can read back, which '{arguments.output}' is not")
    try:
        _convert(arguments)
        sys.stdout.flush()
    except ConvertError as error:
        message = str(error)
    except KeyboardInterrupt:
        message = "interrupted"
    except MemoryError:
        message = "not enough memory"
    except BrokenPipeError:
        sys.stdout = None  # Python would try to flush it at the end
        message = "nobody reads the standard output any more"
    except Exception as error:  # whatever a hostile file may still reach: one line, never a traceback
        message = f"unexpected {type(error).__name__}: {error}"
    else:
        return 0
    # Names in a hostile file may be long or hold control characters; a message is one printable line.
    line = "".join(c if c.isprintable() else "?" for c in " ".join(message[:MOST_OF_MESSAGE].split()))
    print(f"{parser.prog}: error: {line}", file=sys.stderr)
    return FAILED
