"""STimage-1K4M: told how to get it."""

from geneglass.data.public_sets import PUBLIC_SETS, PublicSet

PUBLIC_SETS.register("stimage")(
    PublicSet(
        title="STimage-1K4M, slides from many studies",
        citation="Chen et al., NeurIPS 2024; jiawennnn/STimage-1K4M on Hugging Face",
        licence="MIT on its card; the sources it is made of have their own",
        by_hand="STimage-1K4M can not be fetched for you, since its layout changes: download the slides you want from "
        "https://huggingface.co/datasets/jiawennnn/STimage-1K4M, after a look at the licence of their source.",
    )
)
