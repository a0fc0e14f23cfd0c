import numpy as np

from llmaas.workers.shelf import Kept, Shelf

BYTES = 100


def tokens(first, length=48):
    return np.arange(first, first + length, dtype=np.int32)


def put(shelf, first, *, tenant="", size=BYTES):
    shelf.put(Kept(tenant, tokens(first), 40), np.zeros(size, np.uint8))


def test_the_state_that_shares_most_is_found_to_the_token():
    shelf = Shelf(10 * BYTES)
    put(shelf, 0)
    put(shelf, 1000)
    found = shelf.best("", np.concatenate([tokens(1000, 37), tokens(0)]))
    assert found.length == 37
    assert found.kept.tokens[0] == 1000


def test_the_least_recently_used_gives_way():
    shelf = Shelf(2 * BYTES)
    put(shelf, 0)
    put(shelf, 1000)
    assert shelf.best("", tokens(0)) is not None
    put(shelf, 2000)
    assert shelf.best("", tokens(1000)) is None
    assert shelf.best("", tokens(0)) is not None


def test_what_is_taken_makes_room():
    shelf = Shelf(2 * BYTES)
    put(shelf, 0)
    put(shelf, 1000)
    shelf.remove(shelf.best("", tokens(1000)).key)
    put(shelf, 2000)
    assert shelf.best("", tokens(0)) is not None
    assert len(shelf) == 2


def test_a_state_larger_than_the_shelf_is_not_kept():
    shelf = Shelf(BYTES)
    put(shelf, 0, size=BYTES + 1)
    assert len(shelf) == 0
    put(shelf, 0)
    assert len(shelf) == 1


def test_tenants_do_not_see_each_other():
    shelf = Shelf(BYTES)
    put(shelf, 0, tenant="one")
    assert shelf.best("two", tokens(0)) is None
