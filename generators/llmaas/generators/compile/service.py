"""The service table: who answers."""

from llmaas.bundle import Service
from llmaas.catalog.model import Catalog


def compile_service(catalog: Catalog) -> Service:
    """Identity of the service. Languages keep their order: the first is the default."""
    service = catalog.service
    return Service(
        name=service.name,
        operator=service.operator.name,
        base_url=service.base_url.rstrip("/"),
        time_zone=service.time_zone,
        languages=service.languages,
        owned_by=service.owned_by,
        removal_notice_months=catalog.lifecycle.removal_notice_months,
        audit_retention_days=service.audit_retention_days,
    )
