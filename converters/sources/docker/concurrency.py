"""How many requests the server works on at a time, and how long it takes to stop: by flags of the command, ENV and compose keys."""

from __future__ import annotations

import re

from converters import rules
from converters.containers.compose import Service
from converters.containers.instruction_options import seconds
from converters.containers.yaml_lines import Map
from converters.ir import App, Disposition, Finding, Origin, Scope, Setting
from converters.ledger import Ledger
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.kubernetes import Replicas, Workload
from converters.sources.docker.programs import flag
from converters.sources.docker.serving import Listener

MAX_GRACE = 3600
VARIABLES = {"--max-concurrent-requests": "MAX_CONCURRENT_REQUESTS"}
"""Flag -> the variable that stands for it: TGI's launcher and TEI's router declare theirs with `env`."""
FULL = {
    "--max-concurrent-requests": "answers a further one with 429",
    "--max-num-seqs": "lets a further one wait",
    "--max-running-requests": "lets a further one wait",
    "--parallel": "lets a further one wait",
    "-np": "lets a further one wait",
}
"""Flag -> what the server does when it is full: TGI (router/src/infer/mod.rs, `try_acquire_owned`; server.rs, `Overloaded`) and TEI
(core/src/infer.rs, `try_acquire_permit`) refuse. vLLM (vllm/v1/core/sched/scheduler.py: `self.waiting`, while `max_num_running_reqs` run),
SGLang (python/sglang/srt/managers/scheduler.py: `waiting_queue`; `_abort_on_queued_limit` answers 503 beyond `--max-queued-requests` alone,
which what fal sends never reaches) and llama.cpp (tools/server/server-context.cpp: `queue_tasks.defer`, without a bound) keep a queue."""


def read(candidate: Candidate, work: Workload | None, app: App, ledger: Ledger) -> None:
    """`max_multiplexing`, the numbers of runners and `termination_grace_period_seconds`, each only where the project states it."""
    _multiplexing(candidate, app, ledger)
    _runners(candidate, work, app, ledger)
    _grace(candidate, app, ledger)


def _runners(candidate: Candidate, work: Workload | None, app: App, ledger: Ledger) -> None:
    """An autoscaler's bounds, or a fixed number of containers; one container is what fal starts anyway."""
    found = (work.replicas if work else None) or _services_replicas(candidate.service)
    if found is None or found.high <= 1:
        return
    settings = {"min_concurrency": found.low or 0, "max_concurrency": found.high}
    for name, value in settings.items():
        if value > 1:
            app.settings.append(Setting(name=name, value=value, origin=found.origin, note=found.why))
    if found.low is None:
        message = (
            f"{found.high} containers run all the time here; fal starts up to {found.high} runners as requests come and lets them go: "
            f"keep some with `--set min_concurrency=N`."
        )
        ledger.note(rules.DK042, Disposition.MANUAL, message, found.origin, scope=Scope.DEPLOY)
    else:
        kept = f"and keeps {found.low}" if found.low > 1 else "and none while nobody asks"
        ledger.note(rules.DK042, Disposition.CONVERTED, f"fal starts up to {found.high} runners, {kept}", found.origin)


def _services_replicas(service: Service | None) -> Replicas | None:
    """`deploy.replicas`, or the older `scale`."""
    if service is None:
        return None
    deploy = service.keys.get("deploy")
    for keys, key in ((deploy, "replicas"), (service.keys, "scale")):
        number = keys.get(key) if isinstance(keys, Map) else None
        if isinstance(keys, Map) and isinstance(number, int) and not isinstance(number, bool):
            return Replicas(None, number, f"{key} of service {service.name}", Origin(file=service.file.path, line=keys.lines[key][0]))
    return None


def _multiplexing(candidate: Candidate, app: App, ledger: Ledger) -> None:
    listener, origin = candidate.listener, candidate.start.origin
    found = _stated(candidate) if listener is not None else None
    if found is None:
        message = (
            "nothing states how many requests the server works on at a time: fal sends one (max_multiplexing 1), so each request in "
            "parallel costs a runner. Raise it with `--set max_multiplexing=N` where the server batches."
        )
        ledger.note(rules.DK034, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
        return
    number, why, place = found
    app.settings.append(Setting(name="max_multiplexing", value=number, origin=place, note=why))
    if app.server is not None:
        app.server.findings.append(Finding(subject="concurrency", value=str(number), why=why, origin=place, decided=True))
    ledger.note(rules.DK034, Disposition.CONVERTED, f"{why}: a runner takes {number} requests at a time", place)
    if number == 1 and "503" in why:
        message = f"{why}: with so low a limit even one request may be refused; raise it in the command to 3 or more."
        ledger.note(rules.DK034, Disposition.MANUAL, message, place)


def _stated(candidate: Candidate) -> tuple[int, str, Origin] | None:
    """(number, why, origin) of what says how many requests run in parallel."""
    listener = candidate.listener
    if listener is None:
        return None
    words, env, origin = listener.process.words, listener.process.env, listener.process.origin
    if listener.program is not None:
        for name in listener.program.batches:
            if number := _number(flag(words, (name,)), env) or _number(env.get(VARIABLES.get(name, "")), env):
                then = f": {listener.program.name} {FULL[name]}" if name in FULL else ""
                return number, f"{name} {number}{then}", origin
    if listener.framework == "gunicorn":
        workers = _number(flag(words, ("-w", "--workers")), env) or _number(env.get("WEB_CONCURRENCY"), env) or 1
        threads = _number(flag(words, ("--threads",)), env) or 1
        kind = flag(words, ("-k", "--worker-class")) or ("gthread" if threads > 1 else "sync")
        total = workers * (threads if kind in ("gthread", "sync") else 1)
        if total > 1 and kind in ("sync", "gthread"):
            return total, f"gunicorn runs {workers} workers x {threads} threads", origin
    limited = _below_the_limit(listener)
    if limited is not None:
        return limited
    workers = _number(flag(words, ("--workers",)), env) or _number(env.get("WEB_CONCURRENCY"), env)
    if listener.framework in ("uvicorn", "fastapi run", "hypercorn", "granian") and workers and workers > 1:
        return workers, f"{listener.framework} runs {workers} workers", origin
    return None


def _below_the_limit(listener: Listener) -> tuple[int, str, Origin] | None:
    """What a limit of connections leaves, of which fal's health check takes one.

    uvicorn answers the connection that reaches it with 503 (protocols/http/h11_impl.py, `len(self.connections) >= self.limit_concurrency`),
    Node closes the one beyond `server.maxConnections` without an answer (lib/net.js, `onconnection`).
    """
    words, env = listener.process.words, listener.process.env
    stated = _number(flag(words, ("--limit-concurrency",)), env) or _number(env.get("UVICORN_LIMIT_CONCURRENCY"), env)
    origin = listener.process.origin
    if listener.limit is not None and not stated:
        stated, origin = _number(str(listener.limit.value), env), listener.limit.origin
    if not stated:
        return None
    if listener.framework == "node":
        why = f"maxConnections {stated}: Node closes a connection beyond it, and the health check takes one"
        return max(1, stated - 1), why, origin
    why = f"limit_concurrency {stated}: uvicorn answers 503 to the connection that reaches it, and the health check takes one"
    return max(1, stated - 2), why, origin


def _number(text: str | None, env: object) -> int:
    match = re.fullmatch(r"\d{1,5}", text or "")
    if match:
        return int(match.group())
    name = re.fullmatch(r"\$\{?(\w+)\}?", text or "")
    value = env.get(name.group(1), "") if name and isinstance(env, dict) else ""
    return int(value) if str(value).isdecimal() else 0


def _grace(candidate: Candidate, app: App, ledger: Ledger) -> None:
    """compose's stop_grace_period, gunicorn's --graceful-timeout, uvicorn's --timeout-graceful-shutdown."""
    service, listener = candidate.service, candidate.listener
    options: list[tuple[float | None, str, Origin]] = []
    if service is not None and "stop_grace_period" in service.keys:
        options.append((seconds(str(service.keys["stop_grace_period"])), "stop_grace_period", service.origin("stop_grace_period")))
    if listener is not None:
        for name in ("--graceful-timeout", "--timeout-graceful-shutdown"):
            value = flag(listener.process.words, (name,))
            if value and value.isdecimal():
                options.append((float(value), name, listener.process.origin))
    for length, why, origin in options:
        if length:
            period = min(MAX_GRACE, max(1, round(length)))
            app.settings.append(Setting(name="termination_grace_period_seconds", value=period, origin=origin, note=why))
            if app.server is not None:
                app.server.findings.append(Finding(subject="shutdown", value=str(period), why=why, origin=origin, decided=True))
            ledger.note(rules.DK035, Disposition.CONVERTED, f"{why}: fal waits {period} s before it kills the runner", origin)
            return
