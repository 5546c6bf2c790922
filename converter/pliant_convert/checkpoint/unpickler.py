"""A pickle machine that cannot run anything.

It executes a pickle's instructions on plain containers. An instruction that would import a name makes a
`Name`; one that would call it gives the meaning of the few names that a state dict needs (table _HANDLERS),
else an inert `Stub`. No attribute of any object is looked up and no name from the file is imported.
"""

from __future__ import annotations

import pickletools
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Callable, Optional

from ..errors import ConvertError
from .tensors import STORAGE_DTYPES, TORCH_DTYPES, Storage, Tensor

# Each instruction may make an object of a hundred bytes or so. A training checkpoint of a thousand parameters
# with its optimizer takes a hundred thousand.
MAX_INSTRUCTIONS = 5_000_000
MAX_NAME = 1000  # characters; what is made of a name may be made of it again and again
MAX_KEY_ITEMS = 16


class Damaged(Exception):
    """The instructions make no sense; the caller knows the file's name and tells the user."""


@dataclass(eq=False, frozen=True)
class Name:
    """A name that the pickle would have imported."""

    text: str  # "module.attribute"


@dataclass(eq=False)
class Stub:
    """An object that the pickle would have made by calling something; it has no behaviour."""

    name: str
    arguments: Any = None
    state: Any = None
    items: list = field(default_factory=list)


_MARK = object()
_PLAIN_KEYS = (str, float, bool, bytes, type(None))


def load(stream: BinaryIO, persistent: Optional[Callable[[Any], Any]] = None) -> Any:
    """Reads one pickle from `stream`, leaving it behind the last byte of that pickle.

    `persistent` gives the meaning of a persistent id. Raises Damaged for anything that is not a whole pickle.
    """
    try:
        return _Machine(persistent).run(stream)
    except (Damaged, ConvertError):
        raise
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        EOFError,
        UnicodeError,
        MemoryError,
    ) as error:
        raise Damaged(str(error) or type(error).__name__) from error


class _Machine:
    def __init__(self, persistent: Optional[Callable[[Any], Any]]) -> None:
        self.persistent = persistent
        self.stack: list = []
        self.memo: dict[int, Any] = {}
        self.names: dict[str, Name] = {}
        self.left = MAX_INSTRUCTIONS

    def run(self, stream: BinaryIO) -> Any:
        for opcode, argument, _ in pickletools.genops(stream):
            self.spend(1)
            if opcode.name == "STOP":
                return self.pop()
            self.step(opcode.name, argument)
        raise Damaged("it has no end")

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Damaged(f"it takes more than {MAX_INSTRUCTIONS} instructions")

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise Damaged("a mark stands where a value is needed")
        return value

    def pop_to_mark(self) -> list:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise Damaged("a mark is missing")

    def step(self, name: str, argument: Any) -> None:
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, argument)
        elif name in _LITERALS:
            self.stack.append(argument)
        else:
            raise Damaged(f"the instruction {name} is not expected in a checkpoint")

    def get(self, index: Any) -> None:
        self.stack.append(self.memo[int(index)])

    def put(self, index: Any) -> None:
        value = self.stack[-1]
        if value is _MARK:
            raise Damaged("a mark stands where a value is needed")
        self.memo[int(index)] = value

    def set_items(self, target: Any, items: list) -> None:
        if len(items) % 2:
            raise Damaged("a key has no value")
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2]):
                if _is_key(key):
                    target[key] = value

    def add_items(self, target: Any, items: list) -> None:
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Stub):
            target.items.extend(items)

    def call(self, function: Any, arguments: Any) -> Any:
        if not isinstance(function, Name):
            return Stub("an object of the file", arguments)
        handler = _HANDLERS.get(function.text)
        if handler is None or not isinstance(arguments, tuple):
            return Stub(function.text, arguments)
        # What is copied may be copied again and again.
        self.spend(sum(len(item) for item in arguments if isinstance(item, Sized)))
        return handler(*arguments)

    def build(self, state: Any) -> None:
        target = self.stack[-1]
        if isinstance(target, Stub):
            target.state = state

    def persistent_id(self, identifier: Any) -> None:
        if self.persistent is None:
            raise Damaged("it refers to an object outside of the pickle")
        self.stack.append(self.persistent(identifier))

    def push_name(self, text: str) -> None:
        self.stack.append(self.names.setdefault(text, Name(text)))

    def stack_global(self) -> None:
        attribute, module = self.pop(), self.pop()
        if not isinstance(attribute, str) or not isinstance(module, str):
            raise Damaged("a name is not text")
        if len(module) + len(attribute) > MAX_NAME:
            raise Damaged(f"a name has more than {MAX_NAME} characters")
        self.push_name(f"{module}.{attribute}")

    def instance(self, argument: Any) -> None:
        self.stack.append(self.call(Name(argument.replace(" ", ".", 1)), tuple(self.pop_to_mark())))

    def obj(self) -> None:
        items = self.pop_to_mark()
        self.stack.append(self.call(items[0], tuple(items[1:])))

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        self.stack.append(self.call(function, arguments))

    def new_object(self, keywords: bool) -> None:
        if keywords:
            self.pop()
        self.reduce()

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise Damaged("values are missing")
        items = tuple(self.stack[len(self.stack) - count :])
        if any(item is _MARK for item in items):
            raise Damaged("a mark stands where a value is needed")
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def append(self) -> None:
        value = self.pop()
        self.add_items(self.stack[-1], [value])

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items(self.stack[-1], [key, value])

    def on_marked(self, action: Callable[[Any, list], None]) -> None:
        items = self.pop_to_mark()
        action(self.stack[-1], items)

    def pop_any(self) -> None:
        self.stack.pop()

    def dict_of_marked(self) -> None:
        made: dict = {}
        self.set_items(made, self.pop_to_mark())
        self.stack.append(made)


def _is_key(key: Any) -> bool:
    """Whether hashing takes no time: that of nested tuples may be exponential. No state dict has others."""
    if isinstance(key, tuple):
        return len(key) <= MAX_KEY_ITEMS and not any(isinstance(k, tuple) or not _is_key(k) for k in key)
    return isinstance(key, _PLAIN_KEYS) or (isinstance(key, int) and key.bit_length() <= 64)


_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES "
    "BINBYTES8 BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT".split()
)
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda m, a: None,
    "FRAME": lambda m, a: None,
    "NONE": lambda m, a: m.stack.append(None),
    "NEWTRUE": lambda m, a: m.stack.append(True),
    "NEWFALSE": lambda m, a: m.stack.append(False),
    "EMPTY_LIST": lambda m, a: m.stack.append([]),
    "EMPTY_DICT": lambda m, a: m.stack.append({}),
    "EMPTY_TUPLE": lambda m, a: m.stack.append(()),
    "EMPTY_SET": lambda m, a: m.stack.append(Stub("builtins.set")),
    "MARK": lambda m, a: m.stack.append(_MARK),
    "POP": lambda m, a: m.pop_any(),
    "POP_MARK": lambda m, a: m.pop_to_mark() and None,
    "DUP": lambda m, a: m.stack.append(m.stack[-1]),
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": lambda m, a: m.put(len(m.memo)),
    "TUPLE": lambda m, a: m.stack.append(tuple(m.pop_to_mark())),
    "TUPLE1": lambda m, a: m.tuple_of(1),
    "TUPLE2": lambda m, a: m.tuple_of(2),
    "TUPLE3": lambda m, a: m.tuple_of(3),
    "LIST": lambda m, a: m.stack.append(m.pop_to_mark()),
    "DICT": lambda m, a: m.dict_of_marked(),
    "FROZENSET": lambda m, a: m.stack.append(Stub("builtins.frozenset", m.pop_to_mark())),
    "APPEND": lambda m, a: m.append(),
    "APPENDS": lambda m, a: m.on_marked(m.add_items),
    "ADDITEMS": lambda m, a: m.on_marked(m.add_items),
    "SETITEM": lambda m, a: m.set_item(),
    "SETITEMS": lambda m, a: m.on_marked(m.set_items),
    "GLOBAL": lambda m, a: m.push_name(a.replace(" ", ".", 1)),
    "STACK_GLOBAL": lambda m, a: m.stack_global(),
    "EXT1": lambda m, a: m.push_name(f"an extension ({a})"),
    "EXT2": lambda m, a: m.push_name(f"an extension ({a})"),
    "EXT4": lambda m, a: m.push_name(f"an extension ({a})"),
    "INST": _Machine.instance,
    "OBJ": lambda m, a: m.obj(),
    "REDUCE": lambda m, a: m.reduce(),
    "NEWOBJ": lambda m, a: m.new_object(False),
    "NEWOBJ_EX": lambda m, a: m.new_object(True),
    "BUILD": lambda m, a: m.build(m.pop()),
    "PERSID": _Machine.persistent_id,
    "BINPERSID": lambda m, a: m.persistent_id(m.pop()),
}


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> Any:
    if not isinstance(storage, Storage):
        return Stub("a tensor without a storage")
    return Tensor(storage, offset, shape, stride)


def _tensor_v3(
    storage: Any, offset: Any, shape: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> Any:
    tensor = _tensor(storage, offset, shape, stride)
    if isinstance(tensor, Tensor) and isinstance(dtype, Name):
        tensor.dtype = TORCH_DTYPES.get(dtype.text.rpartition(".")[2])
    return tensor


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _from_type(function: Any, _type: Any, arguments: Any, *_: Any) -> Any:
    """A tensor or parameter that had Python attributes: the tensor inside is what counts."""
    handler = _HANDLERS.get(function.text) if isinstance(function, Name) else None
    if handler not in (_tensor, _tensor_v3, _parameter) or not isinstance(arguments, tuple):
        return Stub("a tensor of a class of its own")
    return handler(*arguments)


def _ordered_dict(*arguments: Any) -> dict:
    made: dict = {}
    if arguments and isinstance(arguments[0], dict):
        made.update(arguments[0])
    elif arguments and isinstance(arguments[0], list):  # Python 2 wrote OrderedDict([[key, value], ...])
        for pair in arguments[0]:
            if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str):
                made[pair[0]] = pair[1]
    return made


def _size(*arguments: Any) -> Any:
    return tuple(arguments[0]) if arguments and isinstance(arguments[0], (tuple, list)) else ()


_HANDLERS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch.Size": _size,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type": _from_type,
    "torch._tensor._rebuild_from_type_v2": _from_type,
}


def storage_dtype(kind: Any) -> Optional[str]:
    """The element type that a storage class's name says; None = untyped. Raises Damaged for other names."""
    text = kind.text if isinstance(kind, Name) else ""
    module, _, name = text.rpartition(".")
    if module in ("torch", "torch.cuda") and name in STORAGE_DTYPES:
        return STORAGE_DTYPES[name]
    if text in ("torch.storage.UntypedStorage", "torch.UntypedStorage"):
        return None
    raise Damaged(f"it holds a storage of an unknown kind ({text or type(kind).__name__})")
