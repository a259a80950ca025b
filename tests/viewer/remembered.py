"""What every new window works out anew though it comes out the same: worked out once while tests run."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np


def plugins(discover: Callable[..., Any]) -> Callable[..., Any]:
    """Return npe2's search for plugins, that reads every manifest once: none is installed while tests run."""
    return cache(lambda paths=(): list(discover(paths)))


def shader_variables(parse: Callable[..., None]) -> Callable[..., None]:
    """Return vispy's search for variables in a program's shaders, that searches the same text once."""
    known: dict[tuple[str, ...], dict[str, Any]] = {}

    def again(program: Any, update_variables: bool = True) -> None:
        text = tuple(shader.code for shader in program._shaders)
        if text not in known:
            parse(program, update_variables=False)
            known[text] = program._code_variables
        program._code_variables = dict(known[text])
        if update_variables:
            program._process_pending_variables()

    return again


def letters(render: Callable[..., None]) -> Callable[..., None]:
    """Return vispy's drawing of a letter into a texture, that draws the same letter once."""
    known: dict[tuple[Any, ...], np.ndarray] = {}

    def again(renderer: Any, data: np.ndarray, texture: Any, offset: tuple[int, int], size: tuple[int, int]) -> None:
        letter = (data.tobytes(), data.shape, size)
        if letter not in known:
            known[letter] = np.empty((size[1], size[0], 3), dtype=np.uint8)
            render(renderer, data, known[letter], (0, 0), size)
        texture[offset[1] : offset[1] + size[1], offset[0] : offset[0] + size[0], :] = known[letter]

    return again
