"""Which day it is where the service is operated: lifecycle phases begin at midnight there."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from llmaas.bundle import Service


def today_of(service: Service) -> Callable[[], date]:
    """A clock that tells the service's day."""
    zone = zone_of(service)
    return lambda: datetime.now(zone).date()


def zone_of(service: Service) -> ZoneInfo:
    """Where its days begin."""
    return ZoneInfo(service.time_zone)
