"""What PyTorch's spellings mean as layers of the model file: one module a layer.

A module holds the layer's dataclass, whose fields are those of its schema table, and handlers that turn
module calls, functions and tensor methods into it. Importing this package fills the registry.
"""

from . import (  # noqa: F401
    add,
    avg_pool2d,
    batch_norm2d,
    clamp,
    concat,
    constant,
    conv2d,
    conv_transpose2d,
    deform_conv2d,
    deform_conv_modules,
    deform_roi_pool,
    div,
    expand,
    hardsigmoid,
    hardswish,
    identity,
    leaky_relu,
    linear,
    max_pool2d,
    mean,
    mul,
    pad,
    relu,
    reshape,
    sigmoid,
    slice,
    softmax,
    sub,
    swish,
    transpose,
    upsample,
)
