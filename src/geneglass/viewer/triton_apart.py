"""Keeps two copies of LLVM apart that crash a process together.

Mesa draws with LLVM (always in software, often on AMD cards), and triton, which torch imports at the first
optimiser, carries another LLVM. With Mesa's loaded first, triton's finds the wrong symbols and the whole
window dies with a segmentation fault. Loaded with its own symbols first, it works.
"""

import logging
import os
import sys
from importlib import import_module
from importlib.util import find_spec

_LOG = logging.getLogger(__name__)


def load_triton_apart() -> None:
    """Load triton with its own symbols first, where it is installed; does nothing the second time."""
    deep_bind = getattr(os, "RTLD_DEEPBIND", None)
    if deep_bind is None or "triton" in sys.modules or find_spec("triton") is None:
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | deep_bind)
    try:
        import_module("triton")
    except (ImportError, OSError) as error:
        # torch does without it on a CPU, and says itself what is wrong where it needs it.
        _LOG.info("triton can not be loaded: %s", error)
    finally:
        sys.setdlopenflags(flags)
