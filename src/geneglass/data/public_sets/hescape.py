"""HESCAPE: told how to get it."""

from geneglass.data.public_sets import PUBLIC_SETS, PublicSet

PUBLIC_SETS.register("hescape")(
    PublicSet(
        title="HESCAPE, Xenium panels with histology",
        citation="Peng-AI/hescape-pyarrow on Hugging Face",
        licence="MIT, according to others who use it: see its card",
        by_hand="HESCAPE can not be fetched for you, since it holds patches in arrow files and no slides: download it "
        "from https://huggingface.co/datasets/Peng-AI/hescape-pyarrow.",
    )
)
