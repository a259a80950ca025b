"""Breast cancer of 23 patients on legacy ST arrays: told how to get it."""

from geneglass.data.public_sets import PUBLIC_SETS, PublicSet

PUBLIC_SETS.register("stnet")(
    PublicSet(
        title="Breast cancer of 23 patients, 68 sections, legacy Spatial Transcriptomics (ST-Net)",
        citation="He et al., Nature Biomedical Engineering 4, 827 (2020); data: doi 10.17632/29ntw7sh4r.5",
        licence="CC BY 4.0, according to others who use it: see the page",
        by_hand="ST-Net's data can not be fetched for you, since no lasting address of its files is known: download "
        "them from https://data.mendeley.com/datasets/29ntw7sh4r/5 and run `geneglass cohort init FOLDER` on them.",
    )
)
