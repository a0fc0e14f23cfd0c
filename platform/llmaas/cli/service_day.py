"""Which day it is where the service is operated: lifecycle phases begin at midnight there."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from llmaas.bundle import Service


def today_of(service: Service) -> Callable[[], date]:
    """A clock that tells the service's day."""
    zone = ZoneInfo(service.time_zone)
    return lambda: datetime.now(zone).date()
