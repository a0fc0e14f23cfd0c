"""What a lease can raise."""

from llmaas.workers.protocol import Failed


class WorkerError(Exception):
    """Base of what a lease can raise.

    WorkerError
    ├── GenerationFailed    this request failed; `failure.code` says how
    └── WorkerUnavailable   no worker for it; `retry_after_s` says when to come back, if ever
    """


class GenerationFailed(WorkerError):  # noqa: N818 - reads as what happened
    """The worker answered a request with a failure, or ended while it ran."""

    def __init__(self, failure: Failed) -> None:
        super().__init__(failure.message)
        self.failure = failure


class WorkerUnavailable(WorkerError):  # noqa: N818 - reads as what happened
    """There is no worker for this pool now.

    Without `retry_after_s` there is none as long as the deployment is what it is.
    """

    def __init__(self, message: str, retry_after_s: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class LoadError(Exception):
    """The worker cannot load its model, or ended before it had."""
