"""HEST-1k: gated, so it is told how to get it."""

from geneglass.data.public_sets import PUBLIC_SETS, PublicSet

PUBLIC_SETS.register("hest")(
    PublicSet(
        title="HEST-1k, sections with histology from many studies",
        citation="Jaume et al., NeurIPS 2024; MahmoodLab/hest on Hugging Face",
        licence="CC BY-NC-SA 4.0, access on request",
        by_hand="HEST-1k can not be fetched for you: accept its licence (CC BY-NC-SA 4.0) at "
        "https://huggingface.co/datasets/MahmoodLab/hest, make a token there, download the ids you want with "
        "`hf download MahmoodLab/hest --repo-type dataset --include '*ID*'`, and give geneglass the files in st and "
        "wsis.",
    )
)
