"""The SMART companion app: what is still to be asked about an order, and what the answers change."""
