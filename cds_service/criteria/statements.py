"""Every room of criteria, so that importing this one fills the registry in a fixed order."""

from cds_service.criteria import (  # noqa: F401  (imported for their registration)
    context,
    neurology,
    infection,  # isort: skip
    systemic,
    postop,
    pain,
    trauma,
    screens,
    emergency,
    region,
    deferral,
    modality,
    duplicates,
    contrast,
    mr_safety,
)
