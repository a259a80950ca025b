"""A spot table: counts per spot and gene, with the spots' centres on the slide."""

from dataclasses import dataclass

from anndata import AnnData

from geneglass.data.types import Platform


@dataclass(frozen=True)
class Spots:
    """Measured spots of one section.

    Attributes
    ----------
    table
        Raw counts in `X` (CSR, float32, spots x genes), unique gene names in `var_names`, unique spot
        names in `obs_names`; `obsm["spatial"]` = (x, y) of the spot centre in pixels of the picture that
        the positions belong to; `obs["array_row"]`, `obs["array_col"]` where known; `obs["label"]` where
        a pathologist labelled the spots.
    platform
        Spot size and pitch, or None where nothing says which platform it is.
    warnings
        What was found and set right, one sentence each ("2 spots have no counts and were left out: ...").
    """

    table: AnnData
    platform: Platform | None
    warnings: tuple[str, ...] = ()
