"""Whatever a benchmark measures can be printed."""

from bench_genes import train_head
from printed import one_line


def test_what_was_chosen_is_printed_beside_the_figures():
    line = one_line("head", train_head(60))
    assert line.startswith("head: spots 60, genes 2,000, spots_per_s ")
    assert ", weighting " in line


def test_numbers_have_four_digits():
    assert one_line("a", {"n": 1_234_567, "share": 0.123456, "name": "b"}) == "a: n 1.235e+06, share 0.1235, name b"
