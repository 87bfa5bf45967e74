"""The table of an app that is an image alone: `[tool.fal.apps.NAME]` with its image and health check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.escape import comment
from converters.ir import App, Setting

if TYPE_CHECKING:
    from tomlkit.items import Table

ORDER = (
    "machine_type",
    "num_gpus",
    "exposed_port",
    "keep_alive",
    "min_concurrency",
    "max_concurrency",
    "max_multiplexing",
    "concurrency_buffer",
    "concurrency_buffer_perc",
    "scaling_delay",
    "request_timeout",
    "request_start_timeout",
    "startup_timeout",
    "termination_grace_period_seconds",
    "regions",
    "skip_retry_conditions",
    "private_logs",
    "secrets",
    "data_mounts",
)
"""The keys in the order in which fal's own pages write them; others follow by name."""


def table(app: App) -> Table:
    """The table of an app in direct server mode."""
    import tomlkit

    server = app.server
    assert server is not None
    entry = tomlkit.table()
    entry.add("auth", str(server.extra.get("auth", "private")))
    settings = {setting.name: setting for setting in app.settings}
    if server.port is not None:
        finding = next((one for one in server.findings if one.subject == "port" and one.decided), None)
        where = finding.origin if finding and finding.value == str(server.port) else None
        settings["exposed_port"] = Setting(
            name="exposed_port", value=server.port, origin=where, note=finding.why if where and finding else ""
        )
    if app.secrets and "secrets" not in settings:
        settings["secrets"] = Setting(name="secrets", value=sorted({secret.name for secret in app.secrets}))
    for name in (*ORDER, *sorted(settings.keys() - set(ORDER))):
        if name in settings:
            _add(entry, settings[name])
    entry.add("image", _image(app))
    if server.health_path is not None:
        entry.add("health_check", _health(app))
    return entry


def _add(entry: Table, setting: Setting) -> None:
    import tomlkit

    value = _inline(setting.value) if isinstance(setting.value, dict) else tomlkit.item(setting.value)
    where = " ".join(part for part in (str(setting.origin) if setting.origin else "", setting.note) if part)
    if where:
        value.comment(comment(where))
    entry.add(setting.name, value)


def _image(app: App) -> Table:
    import tomlkit

    server = app.server
    assert server is not None
    image = tomlkit.table()
    if app.environment.dockerfile is not None:
        image.add("dockerfile", app.environment.dockerfile)
        if app.environment.build_args:
            image.add("build_args", _inline(app.environment.build_args))
        if app.environment.build_secrets:
            image.add("secrets", _inline(app.environment.build_secrets))
    else:
        image.add("image", server.image)
    for name, value in (("entrypoint", server.entrypoint), ("cmd", server.cmd)):
        if value is not None:
            image.add(name, tomlkit.item(list(value)))
    if server.registries:
        registries = tomlkit.table(is_super_table=True)
        for registry in server.registries:
            login = tomlkit.table()
            login.add("username", registry.username if not registry.username.startswith("$") else f"${registry.username}")
            login.add("password", f"${registry.secret}")
            registries.add(registry.host, login)
        image.add("registries", registries)
    return image


def _inline(values: dict[str, Any]) -> Any:
    import tomlkit

    made = tomlkit.inline_table()
    for name, value in values.items():
        made.add(name, _inline(value) if isinstance(value, dict) else value)
    return made


def _health(app: App) -> Table:
    import tomlkit

    server = app.server
    assert server is not None and server.health_path is not None
    health = tomlkit.table()
    finding = next((one for one in server.findings if one.subject == "health" and one.decided), None)
    path = tomlkit.item(server.health_path)
    if finding is not None and finding.value == server.health_path:
        path.comment(comment(f"{finding.origin or ''} {finding.why}"))
    health.add("path", path)
    for name, value in server.health.items():
        health.add(name, value)
    return health
