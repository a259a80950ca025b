"""What is particular of each public set: archives, hashes of the first fetch, real files."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from geneglass import FetchConfig, fetch, finish
from geneglass.data.cohort import find_section, read_cohort
from geneglass.data.public_sets import wu_breast
from geneglass.data.section import open_section
from geneglass.data.spot_formats import open_spots
from geneglass.data.web import Patience
from geneglass.errors import InputError
from geneglass.workflow.fetch import FetchResult

QUICK = Patience(connect_s=2, read_s=0.5, retries=1, pause_s=0.01)


def run(given: FetchConfig) -> FetchResult:
    return finish(fetch(given, patience=QUICK))


@pytest.fixture
def breast(loopback: Any) -> Any:
    """Return the server with a section of a set for which no hash is published, and with an archive."""
    sample = "V1_Breast_Cancer_Block_A_Section_1"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name in ("spatial/tissue_positions_list.csv", "spatial/scalefactors_json.json", "elsewhere/readme"):
            info = tarfile.TarInfo(name)
            info.size = 5
            tar.addfile(info, io.BytesIO(b"12345"))
    start = f"{sample}/{sample}_"
    loopback.files = {
        f"{start}filtered_feature_bc_matrix.h5": b"matrix",
        f"{start}spatial.tar.gz": archive.getvalue(),
        f"{start}image.tif": b"picture",
    }
    return loopback


def fetch_breast(server: Any, folder: Path) -> FetchResult:
    return run(FetchConfig(name="breast_10x", to=folder, sections=("section_1",), mirror=server.address))


def test_archive_is_unpacked_where_the_section_looks(breast: Any, tmp_path: Path) -> None:
    (source,) = read_cohort(fetch_breast(breast, tmp_path).cohort).sections
    assert source.spots == tmp_path / "section_1"
    assert source.slide == tmp_path / "section_1" / "image.tif"
    there = sorted(path.name for path in (tmp_path / "section_1" / "spatial").iterdir())
    assert there == ["scalefactors_json.json", "tissue_positions_list.csv"]
    breast.seen.clear()
    (tmp_path / "section_1" / "spatial" / "scalefactors_json.json").unlink()
    assert fetch_breast(breast, tmp_path).fetched == ()
    assert (tmp_path / "section_1" / "spatial" / "scalefactors_json.json").is_file()
    assert breast.seen == []


def test_hash_of_the_first_fetch_is_noted_and_held(breast: Any, tmp_path: Path) -> None:
    config = FetchConfig(name="breast_10x", to=tmp_path, sections=("section_1",), mirror=breast.address)
    told = [event.message for event in fetch(config, patience=QUICK)]
    assert any("No hash is published for 3" in line for line in told)
    note = json.loads((tmp_path / "geneglass-fetch.json").read_text(encoding="utf-8"))
    assert note["first_hashes"]["section_1/image.tif"] == f"sha256:{hashlib.sha256(b'picture').hexdigest()}"
    assert "CC BY 4.0" in note["licence"]
    (tmp_path / "section_1" / "image.tif").write_bytes(b"Picture")
    name = next(name for name in breast.files if name.endswith("image.tif"))
    breast.files[name] = b"changed by the publisher"
    with pytest.raises(InputError, match="not the file"):
        fetch_breast(breast, tmp_path)
    breast.files[name] = b"picture"
    assert fetch_breast(breast, tmp_path).fetched == ("section_1/image.tif",)


def test_archive_without_what_a_section_needs_is_told(loopback: Any, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w"):
        pass
    loopback.files = {"GSE144240_RAW.tar": archive.getvalue()}
    with pytest.raises(InputError, match="laid it out anew"):
        run(FetchConfig(name="cscc", to=tmp_path, sections=("P2_rep1",), mirror=loopback.address))
    assert not (tmp_path / "cohort.toml").exists()


def test_legacy_archive_of_geo_opens(loopback: Any, tmp_path: Path) -> None:
    places = [(x, y) for x in range(2, 7) for y in range(3, 9)]
    counts = "\tKRT14\tCOL1A1\n" + "".join(f"{x}x{y}\t{x + y}\t{x * y}\n" for x, y in places)
    spots = "x\ty\tnew_x\tnew_y\tpixel_x\tpixel_y\tselected\n"
    spots += "".join(f"{x}\t{y}\t{x}.01\t{y}.02\t{x * 40}\t{y * 40}\t1\n" for x, y in places)
    picture, archive = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (400, 380), "pink").save(picture, "JPEG")
    members = {
        "GSM4284319_P5_ST_rep1_stdata.tsv.gz": counts.encode(),
        "GSM4284319_spot_data-selection-P5_ST_rep1.tsv.gz": spots.encode(),
        "GSM4284319_P5_ST_rep1.jpg.gz": picture.getvalue(),
        "GSM4284320_P5_ST_rep2_stdata.tsv.gz": b"of a section that was not asked for",
    }
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(packed := gzip.compress(content))
            tar.addfile(info, io.BytesIO(packed))
    loopback.files = {"GSE144240_RAW.tar": archive.getvalue()}
    result = run(FetchConfig(name="cscc", to=tmp_path, sections=("P5_rep1",), mirror=loopback.address))
    (source,) = read_cohort(result.cohort).sections
    section = open_section(source)
    assert source.patient == "P5"
    assert section.spots is not None
    assert section.spots.table.shape == (30, 2)
    assert section.slide is not None
    assert not list(tmp_path.glob("*P5_ST_rep2*"))


def test_real_visium_section_opens_as_it_was_fetched(loopback: Any, tmp_path: Path, shared_data: Path) -> None:
    outs = shared_data / "visium" / "scanpy-1.0.0"
    archive, picture = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(outs / "spatial", "spatial")
    Image.new("RGB", (3000, 2900), "white").save(picture, "TIFF", compression="jpeg")
    sample = "V1_Breast_Cancer_Block_A_Section_1"
    loopback.files = {
        f"{sample}/{sample}_filtered_feature_bc_matrix.h5": (outs / "filtered_feature_bc_matrix.h5").read_bytes(),
        f"{sample}/{sample}_spatial.tar.gz": archive.getvalue(),
        f"{sample}/{sample}_image.tif": picture.getvalue(),
    }
    (source,) = read_cohort(fetch_breast(loopback, tmp_path).cohort).sections
    assert source.spots is not None
    assert open_spots(source.spots).table.n_obs > 0


def test_visium_archives_with_names_alone_and_plain_text_open(
    loopback: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deposit's features have one column, and its .gz files may be plain text."""
    places = [(row, col) for row in range(4, 14) for col in range(row % 2, 20, 2)]
    barcodes = [f"ACGT{i:04d}-1" for i in range(len(places))]
    entries = "".join(f"{1 + i % 3} {i + 1} {5 + i}\n" for i in range(len(places)))
    positions = "".join(
        f"{barcode},1,{row},{col},{300 + row * 120},{200 + col * 70}\n"
        for barcode, (row, col) in zip(barcodes, places, strict=True)
    )
    matrix = f"%%MatrixMarket matrix coordinate integer general\n3 {len(places)} {len(places)}\n{entries}"
    scales = {"spot_diameter_fullres": 90.0, "tissue_hires_scalef": 0.1, "tissue_lowres_scalef": 0.03}
    members = {
        "filtered_count_matrices": {
            "CID4290_filtered_count_matrix/matrix.mtx.gz": gzip.compress(matrix.encode()),
            "CID4290_filtered_count_matrix/features.tsv.gz": b"ERBB2\nKRT8\nCD3E\n",
            "CID4290_filtered_count_matrix/barcodes.tsv.gz": "\n".join(barcodes).encode(),
        },
        "spatial": {
            "CID4290_spatial/tissue_positions_list.csv": positions.encode(),
            "CID4290_spatial/scalefactors_json.json": json.dumps(scales).encode(),
        },
        "metadata": {"CID4290_metadata.csv": b",Classification\n"},
    }
    for name, files in members.items():
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path, content in files.items():
                info = tarfile.TarInfo(f"{name}/{path}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        loopback.files[f"{name}.tar.gz"] = archive.getvalue()
        monkeypatch.setitem(wu_breast._MD5, name, hashlib.md5(archive.getvalue()).hexdigest())
    result = run(FetchConfig(name="wu_breast", to=tmp_path, sections=("CID4290",), mirror=loopback.address))
    (source,) = read_cohort(result.cohort).sections
    assert source.spots is not None
    table = open_spots(source.spots).table
    assert list(table.var_names) == ["ERBB2", "KRT8", "CD3E"]
    assert table.n_obs == len(places)
    assert (tmp_path / "metadata" / "CID4290_metadata.csv").is_file()


def test_real_her2st_section_is_fetched_by_the_shipped_table(loopback: Any, tmp_path: Path, shared_data: Path) -> None:
    root = shared_data / "her2st"
    loopback.files = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*C2*") if path.is_file()
    }
    result = run(FetchConfig(name="her2st", to=tmp_path, sections=("C2",), mirror=loopback.address))
    assert len(result.fetched) == 3
    section = open_section(find_section(result.cohort))
    assert section.spots is not None
    assert section.spots.table.n_obs == 187
    assert section.mpp == pytest.approx(0.69, rel=0.01)
