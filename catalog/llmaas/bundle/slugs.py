"""Names of models in URLs: the gateway's `Link` headers and the documentation agree on them."""


def model_slug(model: str) -> str:
    """The last path segment of a model's documentation page: `qwen3:14b` is `qwen3-14b`."""
    return model.replace(":", "-")
