"""What the native style of every platform shares: why a program is kept instead, and the names that `fal.App` has itself."""

from __future__ import annotations

APP_ATTRIBUTES = frozenset(
    {"app_auth", "app_files", "app_files_context_dir", "app_files_ignore", "app_name", "build_metadata", "collect_routes",
     "concurrency_buffer", "concurrency_buffer_perc", "current_request", "data_mounts", "get_billing_components", "get_endpoints",
     "get_health_check_config", "handle_exit", "health", "host_kwargs", "image", "isolate_channel", "kind", "lifespan", "local_file_path",
     "local_python_modules", "machine_type", "max_concurrency", "max_multiplexing", "metrics_port", "min_concurrency", "name", "num_gpus",
     "openapi", "provide_hints", "regions", "request_start_timeout", "request_timeout", "requirements", "requirements_context_dir",
     "retry_config", "run_local", "scaling_delay", "secrets", "serve", "setup", "skip_retry_conditions", "spawn", "startup_timeout",
     "teardown", "termination_grace_period_seconds", "version"}
)  # fmt: skip
"""Attributes that `fal.App` has itself (fal 1.80)."""


class NotNative(Exception):
    """Why the original module has to stay; the message is shown to the person."""
