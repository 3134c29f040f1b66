"""`scripts/fill`: a data directory of many realistic deliveries, made up and stored by the store's own code."""
