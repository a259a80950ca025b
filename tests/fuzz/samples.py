"""A small whole file or folder of each kind that geneglass reads."""

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from anndata import AnnData
from PIL import Image

from geneglass.data.pyramid import write_pyramid

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    """How a sample is made: `make` returns what is opened, or None where it can not be had here."""

    kind: str
    make: Callable[[Path], Path | None]
    why_not: str = ""


def _picture() -> np.ndarray:
    y, x = np.mgrid[:700, :1100]
    colours = np.stack([90 + y / 7, 60 + x / 8, 150 + 50 * np.sin(x / 40) * np.cos(y / 30)], -1)
    return (colours + np.random.default_rng(0).normal(0, 3, colours.shape)).clip(0, 255).astype(np.uint8)


def _tiff(folder: Path, name: str, *, description: str | None = None, **options: object) -> Path:
    path = folder / name
    picture = _picture()
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 2, 4):
            reduced = np.asarray(Image.fromarray(picture).reduce(factor))
            writer.write(reduced, photometric="rgb", tile=(128, 128), metadata=None, description=description, **options)
    return path


def _svs(folder: Path) -> Path:
    return _tiff(folder, "a.svs", description="Aperio Image Library v1 |MPP = 0.5", compression="jpeg")


def _jpeg2000(folder: Path) -> Path:
    return _tiff(folder, "a.svs", description="Aperio Image Library v1 |MPP = 0.5", compression="aperio_jp2000_rgb")


def _ome_tiff(folder: Path) -> Path:
    write_pyramid(folder / "a.ome.tif", _picture(), 0.5)
    return folder / "a.ome.tif"


def _flat(ending: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / f"a{ending}"
        if ending == ".tif":
            tifffile.imwrite(path, _picture(), rowsperstrip=16, compression="lzw", photometric="rgb", metadata=None)
        else:
            Image.fromarray(_picture()).save(path)
        return path

    return make


def _counts() -> np.ndarray:
    return np.random.default_rng(1).poisson(0.7, (80, 60)).astype(np.float32)


def _table() -> AnnData:
    row, column = np.divmod(np.arange(80), 8)
    table = AnnData(_counts(), obsm={"spatial": np.stack([column, row], 1) * 30.0 + 40})
    table.var_names = [f"GENE{i}" for i in range(60)]
    table.obs["array_row"], table.obs["array_col"] = row, column
    return table


def _h5ad(folder: Path) -> Path:
    _table().write_h5ad(folder / "s.h5ad", compression="gzip")
    return folder / "s.h5ad"


def _legacy_st(folder: Path) -> Path:
    table = _table()
    names = [f"{int(c)}x{int(r)}" for r, c in table.obs[["array_row", "array_col"]].to_numpy()]
    rows = ["\t".join([name, *(f"{v:.0f}" for v in values)]) for name, values in zip(names, table.X, strict=True)]
    text = "\t".join(["", *table.var_names]) + "\n" + "\n".join(rows) + "\n"
    (folder / "s.tsv.gz").write_bytes(gzip.compress(text.encode()))
    places = [
        f"{name.replace('x', chr(9))}\t{x}\t{y}" for name, (x, y) in zip(names, table.obsm["spatial"], strict=True)
    ]
    (folder / "s_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n" + "\n".join(places) + "\n")
    return folder / "s.tsv.gz"


def _labels(folder: Path) -> Path:
    _legacy_st(folder)
    lines = [f"{i % 8}.02\t{i // 8}.97\ttumour" for i in range(60)]
    (folder / "s_labels.tsv").write_text("x\ty\tlabel\n" + "\n".join(lines) + "\n")
    return folder / "s_labels.tsv"


def _cohort(folder: Path) -> Path:
    _h5ad(folder)
    text = '[[section]]\nname = "S"\npatient = "P"\nspots = "s.h5ad"\nmpp = 0.5\nscale = 1.0\n'
    (folder / "cohort.toml").write_text(text * 1)
    return folder / "cohort.toml"


def _real(relative: str) -> Callable[[Path], Path | None]:
    def make(folder: Path) -> Path | None:
        source = REAL / relative
        if not source.exists():
            return None
        target = folder / source.name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
        return target

    return make


_NOT_HERE = "real data is not beside the checkout"

SAMPLES: dict[str, Sample] = {
    "SVS, JPEG": Sample("slide", _svs),
    "SVS, JPEG 2000": Sample("slide", _jpeg2000),
    "OME-TIFF": Sample("slide", _ome_tiff),
    "TIFF, zstd": Sample("slide", lambda folder: _tiff(folder, "a.tiff", compression="zstd")),
    "BigTIFF, real": Sample("slide", _real("slides/odd/largeimage_yb10kx5k.zstd.tiff"), _NOT_HERE),
    "SVS, real": Sample("slide", _real("slides/small.svs"), _NOT_HERE),
    "JPEG": Sample("slide", _flat(".jpg")),
    "PNG": Sample("slide", _flat(".png")),
    "TIFF in strips": Sample("slide", _flat(".tif")),
    "AnnData": Sample("spots", _h5ad),
    "legacy ST": Sample("spots", _legacy_st),
    "labels": Sample("labels", _labels),
    "cohort": Sample("cohort", _cohort),
}
