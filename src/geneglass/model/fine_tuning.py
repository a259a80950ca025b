"""What a network can be trained on."""

from geneglass.errors import InputError
from geneglass.model.encoder import Encoder


def require_trainable(encoder: Encoder, *, many_views: bool) -> None:
    """Refuse an encoder whose features are more than its network gives for a place.

    Parameters
    ----------
    encoder
        With a network.
    many_views
        Whether the recipe runs the network on every field of view.
    """
    if encoder.dim != encoder.raw_dim:
        raise InputError("context is for frozen features: leave it out of the encoder, or set fine_tune to false.")
    if len(encoder.patches) > 1 and not many_views:
        raise InputError(
            f"This recipe trains its encoder on one field of view, and {len(encoder.patches)} are given: "
            "give um one number, or set fine_tune to false."
        )
