"""The check of the include directions finds what it must find, on small trees made for the purpose."""

from __future__ import annotations

from pathlib import Path

import check_includes
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

HEADERS = (
    "include/pliant/error.hpp",
    "core/format.hpp",
    "core/thread_pool.hpp",
    "layers/conv2d.hpp",
    "backends/backend.hpp",
    "backends/cpu/gemm.hpp",
    "backends/cuda/stream.hpp",
    "runtime/graph/graph.hpp",
    "runtime/engine/plan.hpp",
    "models/db/postprocess.hpp",
    "tools/npy.hpp",
    "tests/layers/reference.hpp",
)


def check(root: Path, file: str, include: str) -> list[str]:
    for header in HEADERS:
        (root / header).parent.mkdir(parents=True, exist_ok=True)
        (root / header).write_text("#pragma once\n")
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(f"// A file.\n#include {include}\n")
    return check_includes.check(root)


@pytest.mark.parametrize(
    "file, include",
    [
        ("include/pliant/model.hpp", '"core/format.hpp"'),
        ("core/buffer.cpp", '"layers/conv2d.hpp"'),
        ("core/buffer.cpp", '"schema/model_generated.h"'),
        ("layers/conv2d.cpp", '"backends/backend.hpp"'),
        ("layers/conv2d.cpp", '"runtime/graph/graph.hpp"'),
        ("backends/registry.cpp", '"backends/cpu/gemm.hpp"'),
        ("backends/cpu/conv2d.cpp", '"backends/cuda/stream.hpp"'),
        ("backends/cuda/conv2d.cu", '"backends/cpu/gemm.hpp"'),
        ("backends/cpu/conv2d.cpp", '"schema/model_generated.h"'),
        ("backends/cpu/conv2d.cpp", '"runtime/engine/plan.hpp"'),
        ("backends/cpu/conv2d.cpp", "<cblas.h>"),
        ("runtime/graph/loader.cpp", '"runtime/engine/plan.hpp"'),
        ("runtime/engine/session.cpp", '"backends/cpu/gemm.hpp"'),
        ("runtime/engine/session.cpp", '"schema/model_generated.h"'),
        ("runtime/engine/session.cpp", '"models/db/postprocess.hpp"'),
        ("runtime/engine/session.cpp", "<opencv2/core.hpp>"),
        ("runtime/engine/session.cpp", "<iostream>"),
        ("models/image.cpp", '"core/thread_pool.hpp"'),
        ("models/image.cpp", '"runtime/graph/graph.hpp"'),
        ("tools/run.cpp", '"core/thread_pool.hpp"'),
        ("tools/run.cpp", '"models/db/postprocess.hpp"'),
        ("tools/run.cpp", "<clipper.hpp>"),
        ("examples/embed/main.cpp", '"tools/npy.hpp"'),
        ("core/buffer.cpp", '"../core/format.hpp"'),
        ("core/buffer.cpp", '"format.hpp"'),
        ("core/buffer.cpp", '"core/does_not_exist.hpp"'),
        ("core/buffer.cpp", '"tests/layers/reference.hpp"'),
        ("tests/unit/core/shape_test.cpp", '"layers/conv2d.hpp"'),
    ],
)
def test_a_wrong_include_is_found(tmp_path: Path, file: str, include: str) -> None:
    wrong = check(tmp_path, file, include)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"{file}:2: must not include {include[1:-1]}: ")


@pytest.mark.parametrize(
    "file, include",
    [
        ("include/pliant/model.hpp", '"pliant/error.hpp"'),
        ("core/buffer.cpp", '"pliant/error.hpp"'),
        ("core/buffer.cpp", "<vector>"),
        ("layers/conv2d.cpp", '"schema/model_generated.h"'),
        ("backends/registry.cpp", '"backends/backend.hpp"'),
        ("backends/cpu/gemm.cpp", "<cblas.h>"),
        ("backends/cpu/simd/rows.cpp", '"backends/cpu/gemm.hpp"'),
        ("runtime/graph/loader.cpp", '"schema/model_generated.h"'),
        ("runtime/engine/session.cpp", '"runtime/graph/graph.hpp"'),
        ("models/db/text_detector.cpp", '"models/db/postprocess.hpp"'),
        ("models/image.cpp", "<opencv2/imgproc.hpp>"),
        ("tools/run.cpp", '"core/format.hpp"'),
        ("tools/run.cpp", "<iostream>"),
        ("tests/layers/conv2d_test.cpp", '"backends/cpu/gemm.hpp"'),
        ("tests/layers/conv2d_test.cpp", '"reference.hpp"'),
        ("tests/unit/layers/conv2d_test.cpp", '"core/thread_pool.hpp"'),
    ],
)
def test_a_right_include_passes(tmp_path: Path, file: str, include: str) -> None:
    assert check(tmp_path, file, include) == []


@pytest.mark.parametrize(
    "text",
    [
        '// #include "layers/conv2d.hpp"\n',
        '/*\n#include "layers/conv2d.hpp"\n*/\n',
        'const char* text = R"(\n#include "layers/conv2d.hpp"\n)";\n',
    ],
)
def test_comments_and_strings_are_not_includes(text: str) -> None:
    assert list(check_includes.includes_of(text)) == []


def test_spellings_of_an_include() -> None:
    text = '  #  include "a.hpp"  // why\nint x;\n#include<b>\n'
    assert list(check_includes.includes_of(text)) == [(1, "a.hpp", True), (3, "b", False)]


def test_the_program_fails_on_a_wrong_include(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path, "core/buffer.cpp", '"layers/conv2d.hpp"')
    assert check_includes.main([str(tmp_path)]) == 1
    assert "core/buffer.cpp:2" in capsys.readouterr().out


def test_the_repository_is_clean() -> None:
    assert check_includes.check(REPOSITORY) == []
