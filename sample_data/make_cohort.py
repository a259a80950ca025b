"""Make an invented cohort: H&E-like pictures, spots and counts of which the right answer is known.

Run `python sample_data/make_cohort.py --out FOLDER --seed 1` or call `make_cohort`. The seed determines
everything; `sample_data/README.md` says what is planted.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from cohort_cells import Array
from cohort_genes import FEATURES, GenePlan, Surroundings, draw_counts, make_plan
from cohort_layout import CELL_UM, DOMAINS, GLASS, Layout, cells, make_layout, patient_fields, smooth_noise
from cohort_paint import Painting, make_stain, paint
from geneglass.data.atomic import atomic_path
from geneglass.data.pyramid import write_pyramid
from geneglass.errors import InputError

SPOT_UM = 55.0
PITCH_UM = 100.0
JPEG_QUALITY = 82
PATIENTS = (
    *("amber", "birch", "cedar", "dogwood", "elder", "fir"),
    *("gorse", "hazel", "iris", "juniper", "kapok", "larch"),
)
"""Invented, and nothing like the pseudonyms of any study."""


@dataclass(frozen=True)
class _Settings:
    seed: int
    size_um: tuple[float, float]
    mpp: float

    @property
    def canvas_um(self) -> float:
        """Return the edge of the square that every section of the cohort fits in."""
        return 1.08 * max(self.size_um)

    def rng(self, *key: int) -> np.random.Generator:
        """Return a generator of its own for each use, so that no part moves another."""
        return np.random.default_rng([self.seed, *key])


@dataclass(frozen=True)
class _Plan:
    """One section to be made: its name, its patient and the patient's number."""

    number: int
    name: str
    patient: str
    patient_number: int


def make_cohort(
    out: Path,
    seed: int,
    *,
    sections: int | Sequence[str] = 4,
    size_um: tuple[float, float] = (1800.0, 2300.0),
    n_genes: int = 300,
    mpp: float = 0.8,
) -> Path:
    """Write an invented cohort.

    Parameters
    ----------
    out
        The folder, made if missing. Each section becomes `NAME.ome.tif` and `NAME.h5ad`.
    seed
        Determines everything; another seed gives other tissue, stains, genes and strengths.
    sections
        How many, or the patient of each. Of a number above 2 the first two are from one patient and the
        others from one patient each; at most 11 sections. One gene has no count in the last.
    size_um
        Height and width of a section in um, varied by up to 5 percent; at least 500.
    n_genes
        How many genes, at least 30.
    mpp
        Pixel size in um.

    Returns
    -------
    pathlib.Path
        The `cohort.toml`. Beside it lies `truth.csv`: what each gene follows.

    Raises
    ------
    InputError
        When a cohort can not be made of these numbers.
    """
    plans = _plan_sections(sections)
    _check(len(plans), size_um, n_genes, mpp)
    settings = _Settings(seed, size_um, mpp)
    out.mkdir(parents=True, exist_ok=True)
    genes = make_plan(settings.rng(0), n_genes, plans[-1].name if len(plans) > 1 else "")
    for plan in plans:
        _write_section(out, plan, genes, settings)
    with atomic_path(out / "truth.csv") as temporary:
        genes.truth.to_csv(temporary, index=False)
    path = out / "cohort.toml"
    with atomic_path(path) as temporary:
        temporary.write_text(_toml(plans, settings, n_genes), encoding="utf-8")
    return path


def _check(n_sections: int, size_um: tuple[float, float], n_genes: int, mpp: float) -> None:
    if not 1 <= n_sections <= len(PATIENTS) + 1:
        raise InputError(f"sections must be 1 to {len(PATIENTS) + 1}, got {n_sections}.")
    if min(size_um) < 500:
        raise InputError(f"A section needs at least 500 um each way to hold its domains, got {size_um}.")
    if n_genes < 30:
        raise InputError(f"n_genes must be at least 30, so that each kind has some, got {n_genes}.")
    if not 0.2 <= mpp <= 2:
        raise InputError(f"mpp must be 0.2 to 2 um per pixel, so that nuclei can be drawn, got {mpp}.")


def _plan_sections(sections: int | Sequence[str]) -> list[_Plan]:
    if isinstance(sections, int):
        patients = list(PATIENTS[:sections] if sections < 3 else (PATIENTS[0], *PATIENTS[: sections - 1]))
    else:
        patients = list(sections)
    order = list(dict.fromkeys(patients))
    plans = []
    for number, patient in enumerate(patients):
        nth = patients[: number + 1].count(patient)
        name = f"{patient}_{nth}" if patients.count(patient) > 1 else patient
        plans.append(_Plan(number, name, patient, order.index(patient)))
    return plans


def _toml(plans: list[_Plan], settings: _Settings, n_genes: int) -> str:
    head = (
        "# An invented cohort: no tissue, no person. Made by sample_data/make_cohort.py\n"
        f"# seed = {settings.seed}, size_um = {list(settings.size_um)}, n_genes = {n_genes}, mpp = {settings.mpp}\n"
    )
    parts = [
        f'\n[[section]]\nname = "{plan.name}"\npatient = "{plan.patient}"\n'
        f'slide = "{plan.name}.ome.tif"\nspots = "{plan.name}.h5ad"\n'
        for plan in plans
    ]
    return head + "".join(parts)


def _write_section(out: Path, plan: _Plan, genes: GenePlan, settings: _Settings) -> None:
    layout = _layout(plan, settings)
    stain = make_stain(settings.rng(1, plan.patient_number), plan.patient_number)
    painting = paint(settings.rng(2, plan.number), layout, stain, settings.mpp)
    write_pyramid(out / f"{plan.name}.ome.tif", painting.image, settings.mpp, quality=JPEG_QUALITY)
    spots = _spots(plan, genes, (layout, painting), settings)
    with atomic_path(out / f"{plan.name}.h5ad") as temporary:
        spots.write_h5ad(temporary, compression="gzip")


def _layout(plan: _Plan, settings: _Settings) -> Layout:
    rng = settings.rng(3, plan.number)
    height, width = (round(edge * rng.uniform(0.95, 1.05) / CELL_UM) * CELL_UM for edge in settings.size_um)
    return make_layout(settings.rng(4, plan.patient_number), rng, (height, width), settings.canvas_um)


def _spots(plan: _Plan, genes: GenePlan, section: tuple[Layout, Painting], settings: _Settings) -> ad.AnnData:
    layout, painting = section
    rng = settings.rng(5, plan.number)
    array, places = _array(layout)
    features = _features(layout, painting.nuclei_yx_um, places)
    gradients = _gradients(plan, len(genes.rows("position")), places, settings)
    effect = patient_effect(settings.seed, plan.patient_number, len(genes.truth))
    counts = draw_counts(rng, genes, Surroundings(features, gradients), effect, plan.name)
    names = _barcodes(rng, len(places))
    obs = pd.DataFrame({"in_tissue": 1, "array_row": array[:, 0], "array_col": array[:, 1]}, index=pd.Index(names))
    winner = features[:, : len(DOMAINS)].argmax(axis=1)
    obs["label"] = pd.Categorical(np.array(DOMAINS)[winner], categories=list(DOMAINS))
    table = ad.AnnData(csr_matrix(counts.astype(np.float32)), obs=obs, var=pd.DataFrame(index=genes.truth["gene"]))
    table.var.index.name = None
    table.obsm["spatial"] = places[:, ::-1] / settings.mpp
    table.obsm["planted"] = pd.DataFrame(features, index=obs.index, columns=list(FEATURES))
    scale = {"spot_diameter_fullres": SPOT_UM / settings.mpp}
    origin = {"chemistry_description": "Visium-like, invented", "source_seed": settings.seed}
    table.uns["spatial"] = {plan.name: {"scalefactors": scale, "metadata": origin}}
    return table[np.argsort(names)].copy()


def patient_effect(seed: int, patient_number: int, n_genes: int) -> Array:
    """Return (genes,) the factor of each gene in the cohort's patient of that number, in order of first appearance."""
    rng = _Settings(seed, (0.0, 0.0), 0.0).rng(6, patient_number)
    return np.asarray(np.exp(0.2 * rng.standard_normal(n_genes)))


def _array(layout: Layout) -> tuple[np.ndarray, Array]:
    """Return array rows and columns (n, 2) and centres in um (n, 2) of the spots that lie on tissue."""
    rows = int((layout.size_um[0] - PITCH_UM) / (PITCH_UM * 0.75**0.5))
    columns = int((layout.size_um[1] - PITCH_UM) / (PITCH_UM / 2))
    array = np.array([(row, column) for row in range(rows) for column in range(row % 2, columns, 2)])
    places = PITCH_UM / 2 + array * (PITCH_UM * 0.75**0.5, PITCH_UM / 2)
    covered = uniform_filter((layout.domain != GLASS).astype(np.float32), round(SPOT_UM / CELL_UM))
    on_tissue = covered[cells(places, covered.shape)] > 0.8
    return array[on_tissue], places[on_tissue]


def _features(layout: Layout, nuclei_yx_um: Array, places: Array) -> Array:
    """Return `FEATURES` at the places: shares of the domains weighted over about a spot, density of nuclei."""
    at = cells(places, layout.domain.shape)
    sigma = SPOT_UM / 4 / CELL_UM
    shares = [gaussian_filter((layout.domain == k).astype(np.float32), sigma)[at] for k in range(len(DOMAINS))]
    near = cKDTree(nuclei_yx_um).query_ball_point(places, SPOT_UM / 2, return_length=True)
    return np.stack([*shares, np.minimum(near / 50.0, 1.0)], axis=1).astype(np.float64)


def _gradients(plan: _Plan, count: int, places: Array, settings: _Settings) -> Array:
    """Return a smooth field per position gene: the patient's own, the same in all of the patient's sections.

    What the fields have by chance in common with where the patient's domains lie is taken out, so that no
    picture shows it.
    """
    rng = settings.rng(7, plan.patient_number)
    domains = patient_fields(settings.rng(4, plan.patient_number), settings.canvas_um)[:, 2::5, 2::5]
    edge = domains.shape[1]
    flat = np.stack([smooth_noise(rng, (edge, edge), 0.22 * edge).ravel() for _ in range(count)], axis=1)
    basis = domains.reshape(len(domains), -1).T
    fields = (flat - basis @ np.linalg.lstsq(basis, flat, rcond=None)[0]).T.reshape(-1, edge, edge)
    row, column = np.minimum((places / (5 * CELL_UM)).astype(int), edge - 1).T
    values = np.stack([field[row, column] for field in fields], axis=1).astype(np.float64)
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _barcodes(rng: np.random.Generator, count: int) -> list[str]:
    letters = rng.choice(list("ACGT"), (count, 16))
    return ["".join(row) + "-1" for row in letters]


def main() -> None:
    """Read the command line and make a cohort."""
    parser = argparse.ArgumentParser(description="Make an invented cohort of H&E-like pictures with spots.")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--seed", type=int, required=True, help="determines everything")
    parser.add_argument("--sections", type=int, default=4, help="how many (4)")
    parser.add_argument("--genes", type=int, default=300, help="how many (300)")
    parser.add_argument("--mpp", type=float, default=0.8, help="pixel size in um (0.8)")
    args = parser.parse_args()
    path = make_cohort(args.out, args.seed, sections=args.sections, n_genes=args.genes, mpp=args.mpp)
    print(path)


if __name__ == "__main__":
    main()
