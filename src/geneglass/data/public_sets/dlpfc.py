"""Human prefrontal cortex, Visium: told how to get it."""

from geneglass.data.public_sets import PUBLIC_SETS, PublicSet

PUBLIC_SETS.register("dlpfc")(
    PublicSet(
        title="Human dorsolateral prefrontal cortex, 12 Visium sections of 3 donors",
        citation="Maynard et al., Nature Neuroscience 24, 425 (2021)",
        licence="not checked: see the page",
        by_hand="The cortex sections can not be fetched for you, since no checked list of their files is known: "
        "follow the links of http://spatial.libd.org/spatialLIBD and run `geneglass cohort init FOLDER` on them.",
    )
)
