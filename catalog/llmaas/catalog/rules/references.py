"""What is named exists: machines, endpoints, the time zone, the API's own address."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding
from llmaas.catalog.wording import closest


def machines_exist(catalog: Catalog) -> Iterator[Finding]:
    """Placement hints name machines of the fleet."""
    known = tuple(machine.id for machine in catalog.fleet.machines)
    for index, model in enumerate(catalog.models):
        for at, machine in enumerate(model.serving.machines):
            if machine not in known:
                yield Finding(
                    ("models", index, "serving", "machines", at),
                    "unknown-machine",
                    f"the fleet has no machine `{machine}`",
                    _did_you_mean(machine, known) or f"machines: {', '.join(known)}",
                )


def endpoints_are_offered(catalog: Catalog) -> Iterator[Finding]:
    """A model can only be called by operations that the service offers."""
    offered = {endpoint.id for endpoint in catalog.endpoints}
    for index, model in enumerate(catalog.models):
        for at, endpoint in enumerate(model.endpoints):
            if endpoint not in offered:
                yield Finding(
                    ("models", index, "endpoints", at),
                    "unoffered-endpoint",
                    f"the service does not offer the endpoint `{endpoint}`",
                    "add it to `endpoints`, or remove it from the model",
                )


def the_time_zone_exists(catalog: Catalog) -> Iterator[Finding]:
    """Months, days and removals begin at midnight there."""
    zone = catalog.service.time_zone
    if _is_time_zone(zone):
        return
    known = tuple(sorted(available_timezones()))
    yield Finding(
        ("service", "time_zone"),
        "unknown-time-zone",
        f"`{zone}` is not an IANA time zone",
        _did_you_mean(zone, known) or "write one such as Europe/Paris",
    )


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; outside; a directory of zones
        return False
    return True


def the_base_url_ends_in_v1(catalog: Catalog) -> Iterator[Finding]:
    """Clients append `/chat/completions` to it."""
    url = catalog.service.base_url
    if not url.endswith("/v1"):
        yield Finding(
            ("service", "base_url"),
            "base-url",
            "the base URL does not end in `/v1`",
            f"write {url.rstrip('/').removesuffix('/v1')}/v1",
        )


def _did_you_mean(word: str, known: tuple[str, ...]) -> str | None:
    near = closest(word, known)
    return f"did you mean `{near}`?" if near else None
