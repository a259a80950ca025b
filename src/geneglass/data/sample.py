"""Where the embedded sample cohort lies: in the installed package, else in the source tree."""

from pathlib import Path

from geneglass.errors import InputError


def sample_cohort() -> Path:
    """Return the path of the sample's `cohort.toml`.

    Raises
    ------
    InputError
        When the sample was not installed with the package.
    """
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "sample_data", package.parents[1] / "sample_data")
    for folder in candidates:
        if (folder / "cohort.toml").is_file():
            return folder / "cohort.toml"
    raise InputError(f"The sample data are not installed: no cohort.toml in {candidates[0]}; install geneglass again.")
