"""The CDS Hooks wire format: requests, responses, discovery."""
