"""The hash of a catalogue is that of its meaning."""

from decimal import Decimal

from llmaas.generators import catalogue_sha256


def test_a_default_written_out_does_not_change_the_hash(
    authored_catalog, authored_model, catalog_of
):
    left_out = authored_catalog(models=[authored_model()])
    written = authored_catalog(models=[authored_model(aliases=[], serving={"n_seq_max": 4})])

    assert catalogue_sha256(catalog_of(left_out)) == catalogue_sha256(catalog_of(written))


def test_the_order_of_keys_does_not_change_the_hash(authored_catalog, catalog_of):
    value = authored_catalog()
    backwards = dict(reversed(value.items()))

    assert catalogue_sha256(catalog_of(value)) == catalogue_sha256(catalog_of(backwards))


def test_trailing_zeros_do_not_change_the_hash_but_another_amount_does(
    authored_catalog, catalog_of
):
    def hash_with(eur):
        value = authored_catalog()
        value["prices"]["input"]["steps"][0]["eur"] = Decimal(eur)
        return catalogue_sha256(catalog_of(value))

    assert hash_with("0.90") == hash_with("0.9")
    assert hash_with("0.90") != hash_with("0.91")


def test_a_fact_that_only_readers_see_changes_the_hash(
    authored_catalog, authored_model, catalog_of
):
    tagged = authored_catalog(models=[authored_model(tags=["fast"])])

    assert catalogue_sha256(catalog_of(tagged)) != catalogue_sha256(catalog_of(authored_catalog()))
