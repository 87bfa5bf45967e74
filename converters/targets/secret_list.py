"""`secrets` of an app: those of the account that reach it. An app that lists none gets all of them."""

from __future__ import annotations

from collections.abc import Mapping

from converters.credentials import seal
from converters.credentials.vault import Vault
from converters.ir import App, Application, EnvVar, Setting
from converters.ledger import Ledger
from converters.outcome import FileChange
from converters.preflight import Deployment, deployments
from converters.preflight.checks.gated import TOKENS, gated
from converters.preflight.tree import project_of
from converters.preflight.variables import environment
from converters.project import Project
from converters.targets.variables import is_own, must_be_set

NONE = "no secret of the account reaches the app"
THESE = "only these secrets of the account reach the app"
NAME = "secrets"


def prepare(application: Application) -> None:
    """List the secrets that are known before the files are written, where no person has listed any."""
    for app in application.apps:
        if app.setting(NAME) is None:
            app.settings.append(_setting({secret.name for secret in app.secrets}))


def complete(project: Project, application: Application, made: Mapping[str, FileChange], vault: Vault) -> bool:
    """Add what the finished files read; whether any list changed, so that the programs are made anew."""
    apps = {app.name: app for app in application.apps if is_ours(app)}
    names = {name: {secret.name for secret in secrets} for name, secrets in _after_sealing(application, made, vault).items()}
    for deployment in deployments(project_of(made.values(), project)) if apps else ():
        if (app := apps.get(deployment.program.name)) is not None:
            names[app.name] |= _read(app, deployment)
    changed = False
    for app in apps.values():
        setting = _setting(names[app.name])
        if setting != app.setting(NAME):
            app.settings = [setting if one.name == NAME else one for one in app.settings]
            changed = True
    return changed


def is_ours(app: App) -> bool:
    """Whether the list of an app is what reading found, and not a person's own."""
    stated = app.setting(NAME)
    return stated is not None and stated.note in (NONE, THESE)


def _setting(names: set[str]) -> Setting:
    return Setting(name=NAME, value=sorted(names), note=THESE if names else NONE)


def _after_sealing(application: Application, made: Mapping[str, FileChange], vault: Vault) -> dict[str, list[EnvVar]]:
    """The secrets of the apps by their names, with those that take the place of values in the files."""
    apps = [app.model_copy(update={"secrets": list(app.secrets)}) for app in application.apps]
    if vault.names:
        dockerfiles = {app.environment.dockerfile for app in apps if app.environment.dockerfile}
        seal.seal(dict(made), dockerfiles, apps, vault, Ledger())
    return {app.name: app.secrets for app in apps}


def _read(app: App, deployment: Deployment) -> set[str]:
    """What the code on a runner reads and nothing sets, and the token of a gated model."""
    read = environment(deployment)
    found = {one.name for one in read if must_be_set(app, one) or (one.is_secret and not one.setter and not is_own(app, one))}
    needs_token = next(gated(deployment), None) is not None and not TOKENS & {*found, *(secret.name for secret in app.secrets)}
    return found | ({"HF_TOKEN"} if needs_token else set())
