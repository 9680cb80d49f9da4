"""Settings of a deployment, from the configuration file, the environment and the command line."""

from cds_service.settings.load import load_settings
from cds_service.settings.model import Settings

__all__ = ["Settings", "load_settings"]
