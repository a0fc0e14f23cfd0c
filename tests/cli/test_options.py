"""Values as people type them."""

import pytest
import typer

from llmaas.cli.options import format_size, parse_ids, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GiB", 4 * 2**30),
        ("4 gib", 4 * 2**30),
        ("4G", 4 * 2**30),
        ("500MB", 500 * 10**6),
        ("1.5GiB", 3 * 2**29),
        ("512k", 512 * 2**10),
        ("12345", 12345),
        ("12345B", 12345),
        ("1TB", 10**12),
    ],
)
def test_a_size_is_read_with_its_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "0", "-4GiB", "4 GiBs", "4e9"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(typer.BadParameter, match="4GiB"):
        parse_size(text)


def test_a_wrong_size_is_wrong_usage_and_says_how_to_write_one(llmaas):
    done = llmaas("up", "--memory-budget", "lots")
    assert done.code == 2
    assert "4GiB" in done.err


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (2**20, "1.0 MiB"), (5 * 2**40, "5.0 TiB")]
)
def test_a_size_is_shown_with_a_unit(size, text):
    assert format_size(size) == text


def test_ids_are_separated_by_commas_and_counted_once():
    assert parse_ids(" a:1, b:2,,a:1 ") == ("a:1", "b:2")
    assert parse_ids(None) == ()
