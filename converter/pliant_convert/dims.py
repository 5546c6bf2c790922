"""Sizes that are known only when the network runs, and arithmetic on them.

A size is a plain int where it is known, else a `Dim`: a polynomial with rational coefficients over atoms. An
atom is the size of an input axis, or what floor and the like make of another size. Equal computations give
equal atoms, so two sizes are known to be equal where their polynomials are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Callable, Optional, Union

Size = Union[int, "Dim"]


class UnknownSize(Exception):
    """Python wants to know a size that only the run will tell."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is known only when the network runs; Python control flow and whole numbers "
            "must not depend on it"
        )


class Dim:
    """`terms` maps a monomial, sorted (atom, power) pairs, to its coefficient."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[tuple, Fraction]) -> None:
        self.terms = terms

    @property
    def key(self) -> frozenset:
        return frozenset(self.terms.items())

    def __repr__(self) -> str:
        parts = []
        for monomial, coefficient in self.terms.items():
            factors = [f"{_text(atom)}" + (f"^{power}" if power != 1 else "") for atom, power in monomial]
            if coefficient != 1 or not factors:
                factors.insert(0, str(coefficient))
            parts.append("*".join(factors))
        return " + ".join(parts)

    def __add__(self, other: Any) -> Any:
        return _made(_sum(self, other)) if is_size(other) else NotImplemented

    def __sub__(self, other: Any) -> Any:
        return self + (-1 * other) if is_size(other) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return (-1 * self) + other if is_size(other) else NotImplemented

    def __mul__(self, other: Any) -> Any:
        return _made(_product(self, other)) if is_size(other) else NotImplemented

    def __neg__(self) -> Any:
        return -1 * self

    def __floordiv__(self, other: Any) -> Any:
        return floor_divide(self, other) if is_size(other) else NotImplemented

    def __mod__(self, other: Any) -> Any:
        return self - floor_divide(self, other) * other if is_size(other) else NotImplemented

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other: Any) -> bool:
        if not is_size(other):
            return False
        difference = self - other
        if isinstance(difference, int):
            return difference == 0
        raise UnknownSize(f"whether the sizes {self} and {other} are equal")

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.key)

    def _compare(self, other: Any, test: Callable[[int], bool]) -> bool:
        difference = self - other if is_size(other) else self
        if isinstance(difference, int):
            return test(difference)
        raise UnknownSize(f"which of the sizes {self} and {other} is greater")

    def __lt__(self, other: Any) -> bool:
        return self._compare(other, lambda d: d < 0)

    def __le__(self, other: Any) -> bool:
        return self._compare(other, lambda d: d <= 0)

    def __gt__(self, other: Any) -> bool:
        return self._compare(other, lambda d: d > 0)

    def __ge__(self, other: Any) -> bool:
        return self._compare(other, lambda d: d >= 0)

    def __bool__(self) -> bool:
        raise UnknownSize(f"whether the size {self} is zero")

    def _number(self) -> Any:
        raise UnknownSize(f"the size {self}")

    __int__ = __index__ = __float__ = __round__ = __trunc__ = __ceil__ = __floor__ = _number

    def _fraction(self, other: Any) -> Any:
        raise UnknownSize(f"the size {self} in a calculation with fractions")

    __truediv__ = __rtruediv__ = __pow__ = __rfloordiv__ = _fraction


class Sizes(tuple):
    """What x.shape gives: a tuple of sizes."""

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return Sizes(item) if isinstance(index, slice) else item

    def numel(self) -> Size:
        return product(self)


def is_size(item: Any) -> bool:
    return type(item) is int or isinstance(item, Dim)


def atom(*key: Any) -> Dim:
    """The size that `key` names; keys hold plain values and the keys of other sizes."""
    return Dim({((key, 1),): Fraction(1)})


def key_of(size: Size) -> Any:
    return size.key if isinstance(size, Dim) else size


def same(a: Size, b: Size) -> bool:
    """True where the sizes are known to be equal."""
    return key_of(a) == key_of(b)


def all_same(a: Iterable[Size], b: Iterable[Size]) -> bool:
    return [key_of(size) for size in a] == [key_of(size) for size in b]


def product(sizes: Iterable[Size]) -> Size:
    result: Size = 1
    for size in sizes:
        result = result * size
    return result


def ratio(a: Size, b: Size) -> Optional[Fraction]:
    """a / b where that is one number whatever the sizes are, else None."""
    x, y = _terms(a), _terms(b)
    if not x or not y or x.keys() != y.keys():
        return None
    ratios = {x[monomial] / y[monomial] for monomial in x}
    return ratios.pop() if len(ratios) == 1 else None


def quotient(a: Size, b: Size) -> Size:
    """a / b where b divides a: exact where the polynomials show how, else an atom of its own."""
    simple = ratio(a, b)
    if simple is not None and simple.denominator == 1:
        return int(simple)
    if len(_terms(b)) == 1:
        ((monomial, coefficient),) = _terms(b).items()
        inverse = tuple((name, -power) for name, power in monomial)
        divided = _product(a, Dim({inverse: 1 / coefficient}))
        if all(power > 0 for m in divided for _, power in m):
            return _made(divided)
    return atom("quotient", key_of(a), key_of(b))


def floor_divide(a: Size, b: Size) -> Size:
    """floor(a / b), with all that b divides taken out of the floor."""
    if type(a) is int and type(b) is int:
        return a // b
    if isinstance(b, Dim):
        exact = ratio(a, b)
        if exact is not None:
            return math.floor(exact)
        whole = quotient(a, b)
        if all(
            c.denominator == 1 and not any(n[0] == "quotient" for n, _ in m) for m, c in _terms(whole).items()
        ):
            return whole
        return atom("floor", key_of(a), key_of(b))
    out: dict[tuple, Fraction] = {}
    rest: dict[tuple, Fraction] = {}
    for monomial, coefficient in _terms(a).items():
        if coefficient.denominator != 1:
            return atom("floor", key_of(a), b)
        if not monomial:
            out[monomial] = Fraction(int(coefficient) // b)
            remainder = int(coefficient) % b
            if remainder:
                rest[monomial] = Fraction(remainder)
        elif coefficient % b == 0:
            out[monomial] = coefficient / b
        else:
            rest[monomial] = coefficient
    if any(rest_monomial for rest_monomial in rest):
        return _made(_sum(_made(out), atom("floor", key_of(_made(rest)), b)))
    return _made(out)  # a whole number below b remains, which the floor drops


def share(part: Size, whole: Size) -> Optional[Fraction]:
    """part / whole where that is one number; floor(whole / n) counts as 1/n of it."""
    exact = ratio(part, whole)
    if exact is not None or not isinstance(part, Dim) or len(part.terms) != 1:
        return exact
    ((monomial, coefficient),) = part.terms.items()
    if len(monomial) == 1 and monomial[0][1] == 1:
        kind, *operands = monomial[0][0]
        if kind == "floor" and operands[0] == key_of(whole) and type(operands[1]) is int:
            return coefficient / operands[1]
    return None


def window(size: Size, kernel: int, stride: int, padding: int, dilation: int = 1) -> Size:
    """What a convolution or pooling makes of a size."""
    return floor_divide(size + (2 * padding - dilation * (kernel - 1) - 1), stride) + 1


def broadcast(a: Size, b: Size) -> Size:
    if same(a, b) or (type(b) is int and b == 1):
        return a
    if type(a) is int and a == 1:
        return b
    if type(a) is int or type(b) is int:
        return a if type(a) is int else b
    return atom("broadcast", frozenset((a.key, b.key)))


def _terms(size: Size) -> dict[tuple, Fraction]:
    if isinstance(size, Dim):
        return size.terms
    return {(): Fraction(size)} if size else {}


def _sum(a: Size, b: Size) -> dict[tuple, Fraction]:
    result = dict(_terms(a))
    for monomial, coefficient in _terms(b).items():
        result[monomial] = result.get(monomial, Fraction(0)) + coefficient
    return result


def _product(a: Size, b: Size) -> dict[tuple, Fraction]:
    result: dict[tuple, Fraction] = {}
    for m, x in _terms(a).items():
        for n, y in _terms(b).items():
            powers: dict[Any, int] = dict(m)
            for name, power in n:
                powers[name] = powers.get(name, 0) + power
            monomial = tuple(sorted(((k, p) for k, p in powers.items() if p), key=_order))
            result[monomial] = result.get(monomial, Fraction(0)) + x * y
    return result


def _made(terms: dict[tuple, Fraction]) -> Size:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not kept:
        return 0
    if set(kept) == {()} and kept[()].denominator == 1:
        return int(kept[()])
    return Dim(kept)


def _order(factor: tuple[Any, int]) -> int:
    """One order of atoms for the whole process, so that equal monomials are equal tuples."""
    return _SEEN.setdefault(factor[0], len(_SEEN))


_SEEN: dict[Any, int] = {}


def _text(key: tuple) -> str:
    """An atom in words: 'x.height' or 'floor(...)'."""
    if key[0] == "input":
        return f"{key[1]}.shape[{key[2]}]"
    return f"{key[0]}(...)"
