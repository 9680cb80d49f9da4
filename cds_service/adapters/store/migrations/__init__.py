"""Steps of the schema, applied by `cds-service db upgrade` and never by a worker."""
