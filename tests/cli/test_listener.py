"""The address that is taken, and what is said of it."""

from contextlib import closing

import pytest

from llmaas.cli.service.listener import take_port


@pytest.mark.parametrize(
    ("host", "told"),
    [("127.0.0.1", "http://127.0.0.1:{}/v1"), ("0.0.0.0", None)],
)
def test_pages_name_the_address_unless_it_is_every_address(host, told):
    listener = take_port(host, 0)
    with closing(listener.socket):
        assert listener.api_base_url == (told and told.format(listener.port))
