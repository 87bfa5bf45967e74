"""Platform-neutral mapping: fields, machines, environments, storage, secrets."""
