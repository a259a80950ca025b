"""What is known of each public data set; the table of her2st is checked against real files."""

from pathlib import Path

import pytest

from geneglass.data.checksum import matches
from geneglass.data.public_sets import PUBLIC_SETS, choose_files, choose_sections, choose_sources
from geneglass.data.public_sets.her2st import read_table
from geneglass.errors import InputError

FETCHED = [name for name, found in PUBLIC_SETS.items() if not found.by_hand]
BY_HAND = [name for name, found in PUBLIC_SETS.items() if found.by_hand]

MEMBERS = {
    "cscc": [
        "GSM4284316_P2_ST_rep1_stdata.tsv.gz",
        "GSM4284316_spot_data-selection-P2_ST_rep1.tsv.gz",
        "GSM4284316_P2_ST_rep1.jpg.gz",
        "GSM4284327_P10_ST_rep3_stdata.tsv.gz",
        "GSM4284327_spot_data-selection-P10_ST_rep3.tsv.gz",
        "GSM4284327_P10_ST_rep3.jpg.gz",
        "GSM4565826_P6_rep2_barcodes.tsv.gz",
    ],
    "wu_breast": [
        "filtered_count_matrices/CID4290_filtered_count_matrix/matrix.mtx.gz",
        "spatial/CID4290_spatial/tissue_positions_list.csv",
        "spatial/CID44971_spatial/tissue_hires_image.png",
        "metadata/CID4290_metadata.csv",
        "filtered_count_matrices/._CID4290_filtered_count_matrix",
    ],
}


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_each_set_states_what_it_is_and_its_licence(name: str) -> None:
    found = PUBLIC_SETS[name]
    assert found.title
    assert found.citation
    assert found.licence
    assert bool(found.by_hand) != bool(found.base)
    assert "\n" not in found.by_hand + found.licence


@pytest.mark.parametrize("name", BY_HAND)
def test_set_to_get_by_hand_says_where(name: str) -> None:
    assert "http" in PUBLIC_SETS[name].by_hand


@pytest.mark.parametrize("name", FETCHED)
def test_each_set_lists_files_of_its_own_and_a_source_for_each_section(name: str, tmp_path: Path) -> None:
    found = PUBLIC_SETS[name]
    sections = tuple(found.patients)
    files = choose_files(found, sections, images=True)
    assert found.base.startswith("https://")
    assert found.base.endswith("/")
    paths = [file.path for file in files]
    assert len(set(paths)) == len(paths)
    assert not any(path.startswith("/") or ".." in path for path in paths)
    sources = choose_sources(found, tmp_path, sections, images=True)
    assert [source.name for source in sources] == list(sections)
    assert all(source.patient == found.patients[source.name] for source in sources)
    first = choose_files(found, sections[:1], images=True)
    assert {file.path for file in first} <= set(paths)


def test_her2st_has_36_sections_of_8_patients_with_a_slide_each(tmp_path: Path) -> None:
    found = PUBLIC_SETS["her2st"]
    sections = tuple(found.patients)
    assert (len(sections), len(set(found.patients.values()))) == (36, 8)
    listed = {tmp_path / file.path for file in choose_files(found, sections, images=True)}
    for source in choose_sources(found, tmp_path, sections, images=True):
        assert {source.slide, source.spots, source.positions} <= listed


def test_her2st_table_is_that_of_the_real_files(shared_data: Path) -> None:
    root = shared_data / "her2st"
    here = [file for file in read_table() if (root / file.path).is_file()]
    assert len(here) >= 80
    for file in here:
        path = root / file.path
        assert file.n_bytes == path.stat().st_size
        assert file.known_hash is not None
        assert file.known_hash.startswith("sha256:")
        assert matches(path, file.known_hash)


def test_her2st_blob_ids_are_those_of_the_real_files(shared_data: Path) -> None:
    table = Path(__file__).parents[2] / "src" / "geneglass" / "data" / "public_sets" / "her2st_registry.tsv"
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    here = [(shared_data / "her2st" / path, blob) for path, blob, *_ in rows]
    checked = [matches(path, f"git:{blob}") for path, blob in here if path.is_file()]
    assert len(checked) >= 80
    assert all(checked)


def test_sections_are_chosen_by_name_or_patient_in_the_order_of_the_set() -> None:
    found = PUBLIC_SETS["her2st"]
    assert choose_sections(found, ("H", "C2")) == ("C2", "H1", "H2", "H3")
    assert choose_sections(found, ()) == tuple(found.patients)
    with pytest.raises(InputError, match="Z9") as caught:
        choose_sections(found, ("C2", "Z9"))
    assert "C6" in str(caught.value)


def test_her2st_without_images_leaves_the_pictures(tmp_path: Path) -> None:
    found = PUBLIC_SETS["her2st"]
    files = choose_files(found, ("G2",), images=False)
    assert sorted(Path(file.path).name for file in files) == [
        "G2.tsv.gz",
        "G2_labeled_coordinates.tsv",
        "G2_selection.tsv",
    ]
    (source,) = choose_sources(found, tmp_path, ("G2",), images=False)
    assert source.slide is None


def test_set_of_pictures_alone_is_nothing_without_them() -> None:
    with pytest.raises(InputError, match="no-images"):
        choose_files(PUBLIC_SETS["liver"], ("A1",), images=False)


def test_archives_are_laid_out_as_the_sources_say(tmp_path: Path) -> None:
    (raw,) = choose_files(PUBLIC_SETS["cscc"], ("P2_rep1", "P10_rep3"), images=True)
    assert raw.unpack is not None
    placed = {tmp_path / path for member in MEMBERS["cscc"] if (path := raw.unpack(member))}
    sources = choose_sources(PUBLIC_SETS["cscc"], tmp_path, ("P2_rep1", "P10_rep3"), images=True)
    assert placed == {path for source in sources for path in (source.slide, source.spots, source.positions)}


def test_visium_archives_are_laid_out_as_space_ranger_does() -> None:
    (archive, *_) = choose_files(PUBLIC_SETS["wu_breast"], ("CID4290",), images=True)
    assert archive.unpack is not None
    assert [archive.unpack(member) for member in MEMBERS["wu_breast"]] == [
        "CID4290/filtered_feature_bc_matrix/matrix.mtx",
        "CID4290/spatial/tissue_positions_list.csv",
        None,
        "metadata/CID4290_metadata.csv",
        None,
    ]
