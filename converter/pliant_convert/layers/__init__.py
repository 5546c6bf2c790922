"""What PyTorch's spellings mean as layers of the model file: one module a layer.

A module holds the layer's dataclass, whose fields are those of its schema table, and handlers that turn
module calls, functions and tensor methods into it. Importing this package fills the registry.
"""

from . import (  # noqa: F401
    add,
    batch_norm2d,
    concat,
    conv2d,
    conv_transpose2d,
    deform_conv2d,
    identity,
    max_pool2d,
    mul,
    relu,
    sigmoid,
    slice,
    upsample,
)
