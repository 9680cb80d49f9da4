"""CDS Hooks service for the appropriateness of cervical-spine MRI orders."""

__version__ = "0.1.0"
