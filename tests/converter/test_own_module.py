"""One's own network: `--model` of the command, `pliant_convert.convert` from Python, and their refusals."""

from __future__ import annotations

import subprocess
import sys

import pliant_convert
import pytest
import torch
from pliant_convert import ConvertError
from reference import ReferenceModel
from torch import nn

SOURCE = """\
import torch
from torch import nn
from parts import Block


class MyNet(nn.Module):
    def __init__(self, width=8, depth=1):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.model = nn.Sequential(*[Block(width) for _ in range(depth)])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, image):
        return torch.sigmoid(self.head(self.model(self.stem(image))))


class TwoInputs(nn.Module):
    def forward(self, left, right):
        return {"sum": left + right, "rest": [left - right]}


class Nothing_(nn.Module):
    def forward(self, image):
        image * 2


def make(width):
    return MyNet(width, 2)


def no_module():
    return 5
"""
PARTS = """\
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return x + nn.functional.hardswish(self.norm(self.conv(x)))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with my_net.py and what it imports, and weights of MyNet(16, 2) in it."""
    (tmp_path / "my_net.py").write_text(SOURCE)
    (tmp_path / "parts.py").write_text(PARTS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "parts", raising=False)
    return tmp_path


def network(project, specification="MyNet", arguments='{"width": 16, "depth": 2}'):
    from pliant_convert import own_module

    torch.manual_seed(1)
    made = own_module.build(f"{project / 'my_net.py'}:{specification}", arguments).eval()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return made


def same(module, path, *inputs):
    model = ReferenceModel(path.read_bytes())
    with torch.no_grad():
        expected = module(*inputs)
        actual = list(model.run(*inputs).values())
    assert (actual[0] - expected).abs().max() <= 1e-6
    return model


@pytest.mark.parametrize("wrapped", ["", "module.", "model.module.", "detector.", "_orig_mod."])
def test_command(wrapped, project, convert):
    module = network(project)
    state = {wrapped + key: value for key, value in module.state_dict().items()}
    torch.save({"state_dict": state}, project / "w.pth")
    model = f"{project / 'my_net.py'}:MyNet"
    result = convert(
        project / "w.pth",
        "--model",
        model,
        "--model-args",
        '{"width": 16, "depth": 2}',
        "-o",
        project / "m.p",
    )
    assert result.code == 0, result.err
    assert "MyNet (image ?x3x?x?)" in result.out
    file = same(module, project / "m.p", torch.randn(2, 3, 33, 50))
    assert file.inputs[0].Name() == b"image"
    assert file.model.Preprocess() is None and file.model.Postprocess() is None


def test_function_array_of_arguments_and_fixed_sizes(project, convert):
    module = network(project, "make", "[4]")
    torch.save(module.state_dict(), project / "w.pth")
    options = ["--model", f"{project / 'my_net.py'}:make", "--model-args", "[4]", "--input", "1x3x32x48"]
    assert convert(project / "w.pth", *options, "--fixed-sizes", "-o", project / "m.p").code == 0
    file = same(module, project / "m.p", torch.randn(1, 3, 32, 48))
    assert [file.inputs[0].Shape(i) for i in range(4)] == [1, 3, 32, 48]


REFUSED = {
    "no class": (["--model", "{net}:Nothing"], ["function 'Nothing'", "MyNet, TwoInputs, Nothing_"]),
    "no file": (["--model", "absent.py:A"], ["'absent.py' does not exist"]),
    "no separator": (["--model", "my_net.py"], ["FILE.py:CLASS"]),
    "bad arguments": (["--model", "{net}:MyNet", "--model-args", '{"with": 3}'], ["TypeError", "'with'"]),
    "no JSON": (["--model", "{net}:MyNet", "--model-args", "{width: 3}"], ["no JSON"]),
    "number": (["--model", "{net}:MyNet", "--model-args", "3"], ["JSON object"]),
    "not a module": (["--model", "{net}:no_module"], ["int", "torch.nn.Module"]),
    "import": (["--model", "{bad}:A"], ["ModuleNotFoundError", "_ext_dcn", "compiled operator"]),
    "exit": (["--model", "{end}:A"], ["cannot be imported", "ends the program (3)"]),
    "nothing": (["--model", "{net}:Nothing_", "--ignore-keys", "."], ["gives no tensor"]),
    "shape": (["--model", "{net}:MyNet"], ["'stem.weight'", "16x3x3x3", "8x3x3x3"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name, project, fails):
    torch.save(network(project).state_dict(), project / "w.pth")
    (project / "bad.py").write_text("import _ext_dcn\n")
    (project / "end.py").write_text("import sys\nsys.exit(3)\n")
    options, words = REFUSED[name]
    files = {"{net}": "my_net.py", "{bad}": "bad.py", "{end}": "end.py"}
    for mark, file in files.items():
        options = [option.replace(mark, str(project / file)) for option in options]
    sys.dont_write_bytecode = True
    message = fails(project / "w.pth", *options)
    for word in words:
        assert word in message


def test_keys(project, fails, convert):
    module = network(project)
    options = ["--model", f"{project / 'my_net.py'}:MyNet", "--model-args", '{"width": 16, "depth": 2}']
    sys.dont_write_bytecode = True
    state = dict(module.state_dict())
    torch.save({**state, "aux.weight": torch.ones(2)}, project / "w.pth")
    assert "'aux.weight' of shape 2 is not part of MyNet" in fails(project / "w.pth", *options)
    assert convert(project / "w.pth", *options, "--ignore-keys", "^aux", "-o", project / "m.p").code == 0
    (project / "m.p").unlink()
    assert "no regular expression" in fails(project / "w.pth", *options, "--ignore-keys", "(")
    del state["head.bias"]
    torch.save(state, project / "w.pth")
    assert "'head.bias' of shape 1, which MyNet needs" in fails(project / "w.pth", *options)


def test_package_with_relative_imports(project, convert, monkeypatch):
    """A file of a package, by its path and by its name from the folder around it; a module that exists."""
    package = project / "some_package" / "inner"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package.parent / "sizes.py").write_text("WIDTH = 5\n")
    (package / "__init__.py").write_text("")
    source = "import torch\nfrom ..sizes import WIDTH\n\n\nclass Net(torch.nn.Conv2d):\n"
    source += "    def __init__(self):\n        super().__init__(3, WIDTH, 3)\n\n\nthe_net = Net()\n"
    (package / "net.py").write_text(source)
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = nn.Conv2d(3, 5, 3)
    torch.save(module.state_dict(), project / "w.pth")
    for model in (package / "net.py", "some_package.inner.net"):
        for name in ("Net", "the_net"):
            result = convert(project / "w.pth", "--model", f"{model}:{name}", "-o", project / "m.p")
            assert result.code == 0, result.err
            same(module, project / "m.p", torch.randn(1, 3, 9, 8))


class Optional(nn.Module):
    def forward(self, x, skip=None, double=False, *more, scale=2.0):
        if skip is not None:
            x = x + skip
        if double:
            x = x * 2
        for other in more:
            x = x - other
        return x * scale


@pytest.mark.parametrize("count", [1, 2])
def test_optional_arguments_keep_their_defaults(count, tmp_path):
    inputs = [torch.randn(1, 3, 8, 8) for _ in range(count)]
    pliant_convert.convert(Optional(), inputs, tmp_path / "m.pliant")
    same(Optional(), tmp_path / "m.pliant", *(torch.randn(2, 3, 5, 4) for _ in range(count)))


def test_wrong_numbers_of_inputs(tmp_path):
    class Two(nn.Module):
        def forward(self, x, y):
            return x + y

    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(ConvertError, match="input 'y' was not described; give its shape"):
        pliant_convert.convert(Two(), x, tmp_path / "m.pliant")
    with pytest.raises(ConvertError, match="takes no input 'input2'"):
        pliant_convert.convert(Two(), (x, x, x), tmp_path / "m.pliant")


def test_usage(project, fails):
    path = project / "w.pth"
    torch.save(network(project).state_dict(), path)
    assert "give --model" in fails(path, "--input", "1x3x8x8", code=2)
    assert "--arch is for" in fails(path, "--model", "x.py:A", "--arch", "resnet18", code=2)
    assert "not a shape" in fails(path, "--model", "x.py:A", "--input", "3x", code=2)


def test_python(tmp_path):
    torch.manual_seed(2)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()).train()
    module[1].running_mean.normal_()
    assert pliant_convert.convert(module, torch.zeros(1, 3, 8, 8), tmp_path / "m.pliant") == []
    assert module.training and module[1].training  # it is left as it was
    same(module.eval(), tmp_path / "m.pliant", torch.randn(3, 3, 11, 9))


def test_attributes_that_forward_sets_are_put_back(tmp_path):
    class Stateful(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean = torch.ones(3, 1, 1)
            self.seen, self.cache = [], {}
            self.register_buffer("scale", torch.full((1,), 2.0))

        def forward(self, x):
            self.mean = self.mean.type_as(x)
            self.scale = self.scale * 1
            self.seen.append(x)
            self.cache["grid"] = y = x - self.mean
            return y * self.scale

    module = Stateful()
    seen, cache = module.seen, module.cache
    pliant_convert.convert(module, torch.zeros(1, 3, 8, 8), tmp_path / "m.pliant")
    assert type(module.mean) is type(module.scale) is torch.Tensor and list(module.state_dict()) == ["scale"]
    assert module.seen is seen and module.cache is cache and not seen and not cache
    same(module, tmp_path / "m.pliant", torch.randn(1, 3, 5, 6))


def test_python_names_and_ranks(tmp_path):
    class Two(nn.Module):
        def forward(self, x, rois):
            return x * rois.mean(), x if rois is None else rois * 2

    with pytest.raises(ConvertError, match="without axes"):
        pliant_convert.convert(Two(), (torch.zeros(1, 3, 8, 8), torch.zeros(4, 5)), tmp_path / "m.pliant")

    class Good(nn.Module):
        def forward(self, x, rois):
            return x.mean((2, 3)), rois * 2

    path = tmp_path / "m.pliant"
    inputs = (torch.zeros(1, 3, 8, 8), torch.zeros(4, 5))
    pliant_convert.convert(Good(), inputs, path, input_names=["a", "b"], output_names=["c", "d"])
    file = ReferenceModel(path.read_bytes())
    assert [port.Name() for port in (*file.inputs, *file.outputs)] == [b"a", b"b", b"c", b"d"]
    assert [file.inputs[1].Shape(i) for i in range(2)] == [-1, 5]
    with pytest.raises(ConvertError, match="2 inputs, but 1 names"):
        pliant_convert.convert(Good(), inputs, path, input_names=["a"])


def test_the_package_is_light():
    """`--help` and the function's name do not wait for PyTorch."""
    code = "import sys, pliant_convert; pliant_convert.convert; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
