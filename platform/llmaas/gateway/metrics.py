"""What operators watch, in the exposition format of Prometheus.

What a generative service measures has the names of OpenTelemetry's conventions (`gen_ai_…`), so
that dashboards made for them work; the rest is called `llmaas_…`. No label has a tenant, a key or
anything a client wrote: series are as many as the catalogue has models. Counting outlives a bundle.
"""

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from llmaas.workers import PoolState

if TYPE_CHECKING:
    from llmaas.gateway.context import Exchange, Gateway

# Buckets, in seconds, are those of the conventions.
_DURATIONS = tuple(0.01 * 2**power for power in range(14))
_FIRST_TOKEN = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1),
    *(0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
_NEXT_TOKEN = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_OPERATION_NAMES = {
    "chat.completions": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "audio.transcriptions": "transcription",
}
_OF_A_CALL = ("gen_ai_operation_name", "gen_ai_request_model")


@dataclass(frozen=True)
class _Calls:
    """What every answer of one operation and model adds to, looked up once."""

    duration: Histogram
    input_tokens: Counter
    output_tokens: Counter


class Metrics:
    """What one gateway process has counted since it started."""

    def __init__(self) -> None:
        self.running = 0
        """Requests that are being answered."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "llmaas_requests",
            "Requests by operation, model, status and error code.",
            ("operation", "model", "status", "code"),
            registry=self.registry,
        )
        self._duration = Histogram(
            "gen_ai_server_request_duration_seconds",
            "From the arrival of a request to the end of its answer, where it was answered.",
            _OF_A_CALL,
            buckets=_DURATIONS,
            registry=self.registry,
        )
        self._first_token = Histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "From the arrival of a request to the first token of its stream.",
            _OF_A_CALL,
            buckets=_FIRST_TOKEN,
            registry=self.registry,
        )
        self._next_token = Histogram(
            "gen_ai_server_time_per_output_token_seconds",
            "Between two tokens of a stream, on average over the stream.",
            _OF_A_CALL,
            buckets=_NEXT_TOKEN,
            registry=self.registry,
        )
        self._tokens = Counter(
            "llmaas_tokens",
            "Tokens as they are billed: input, output and, out of the output, reasoning.",
            ("model", "type"),
            registry=self.registry,
        )
        self._audio = Counter(
            "llmaas_audio_seconds",
            "Seconds of transcribed audio.",
            ("model",),
            registry=self.registry,
        )
        self._screened = Counter(
            "llmaas_prompts_screened",
            "Verdicts of the prompt-security layer.",
            ("verdict",),
            registry=self.registry,
        )
        # Looking labels up costs more than counting does.
        self._requests_with: dict[tuple[str, str, int, str], Counter] = {}
        self._calls_of: dict[tuple[str, str], _Calls] = {}

    def ended(
        self, exchange: "Exchange", *, endpoint: str | None, status: int, code: str | None
    ) -> None:
        """Count a request whose answer has ended, however it did.

        Args:
            exchange: the request.
            endpoint: of the routing table; `None` where no model answers.
            status: of the answer.
            code: of the error.
        """
        model = exchange.model or ""
        labels = (exchange.operation, model, status, code or "")
        requests = self._requests_with.get(labels)
        if requests is None:
            requests = self._requests_with[labels] = self._requests.labels(*labels)
        requests.inc()
        if exchange.verdict is not None:
            self._screened.labels(exchange.verdict).inc()
        if endpoint is None or not model:
            return
        operation = _OPERATION_NAMES.get(endpoint, endpoint)
        calls = self._calls_of.get((operation, model))
        if calls is None:
            calls = self._calls_of[operation, model] = self._calls(operation, model)
        usage, first, seconds = exchange.usage, exchange.first_token_s, exchange.seconds
        calls.input_tokens.inc(usage.prompt_tokens)
        calls.output_tokens.inc(usage.completion_tokens)
        if usage.reasoning_tokens:
            self._tokens.labels(model, "reasoning").inc(usage.reasoning_tokens)
        if usage.audio_seconds:
            self._audio.labels(model).inc(usage.audio_seconds)
        if first is not None:
            self._first_token.labels(operation, model).observe(first)
        if code is not None or status != 200:
            return  # how soon something is refused says nothing about answers
        calls.duration.observe(seconds)
        if first is not None and usage.completion_tokens > 1:
            next_s = (seconds - first) / (usage.completion_tokens - 1)
            self._next_token.labels(operation, model).observe(next_s)

    def exposition(self, gateway: "Gateway", *, accept: str) -> tuple[bytes, str]:
        """Everything as it is now, and its media type, in the format that a scraper asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(_Everything(self, gateway)), media_type

    def _calls(self, operation: str, model: str) -> _Calls:
        return _Calls(
            duration=self._duration.labels(operation, model),
            input_tokens=self._tokens.labels(model, "input"),
            output_tokens=self._tokens.labels(model, "output"),
        )


@dataclass(frozen=True)
class _Everything(Collector):
    """What was counted, and how things stand."""

    counted: Metrics
    gateway: "Gateway"

    def collect(self) -> Iterator[Metric]:
        yield from self.counted.registry.collect()
        yield GaugeMetricFamily(
            "llmaas_requests_running", "Requests being answered.", value=self.counted.running
        )
        yield from _bundle(self.gateway)
        yield from _pools(self.gateway)


def _bundle(gateway: "Gateway") -> Iterator[Metric]:
    version = gateway.version
    yield InfoMetricFamily(
        "llmaas_bundle",
        "What is served.",
        value={"catalogue": version.short, "version": version.program_version},
    )
    yield GaugeMetricFamily(
        "llmaas_bundle_refused",
        "1 while the newest bundle could not be taken over.",
        value=gateway.refused() is not None,
    )


def _pools(gateway: "Gateway") -> Iterator[Metric]:
    pools = gateway.workers.status()
    states = Tally(pool.state for pool in pools)
    in_state = GaugeMetricFamily(
        "llmaas_pools", "Pools of workers by what they do now.", labels=["state"]
    )
    for state in PoolState:
        in_state.add_metric([state.value], states[state])
    yield in_state
    ready, leases, memory, failures = (
        GaugeMetricFamily(f"llmaas_pool_{name}", text, labels=["pool"])
        for name, text in (
            ("ready", "1 while the worker of a pool answers."),
            ("leases", "Requests that hold the worker of a pool."),
            ("memory_bytes", "Memory counted against the budget."),
            ("failures", "Failures in a row since the worker of a pool last ran well."),
        )
    )
    for pool in pools:
        ready.add_metric([pool.pool], pool.state is PoolState.READY)
        leases.add_metric([pool.pool], pool.leases)
        memory.add_metric([pool.pool], pool.memory_bytes or 0)
        failures.add_metric([pool.pool], pool.failures)
    yield from (ready, leases, memory, failures)
