"""The same requests to a worker under RunPod's own SDK and to its conversion under fal's: the same outcomes.

Where the SDK's local server differs from RunPod's production (`Request.why`), what production posts is expected instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fal_runtime.testing import Local
from tests.needs import needs

from .platforms import fal_apps, on_fal, on_runpod, runpod_servers, wait_for
from .workers import WORKERS, Request, Worker

needs("runpod", "fal")

pytestmark = pytest.mark.usefixtures("warm_zygotes")
CASES = [pytest.param(worker, request, id=f"{worker.name}: {request.name}") for worker in WORKERS for request in worker.requests]


@pytest.fixture(scope="module")
def runpod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with runpod_servers(tmp_path_factory.mktemp("runpod")) as urls:
        yield urls


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory, runpod: dict[str, str]) -> Iterator[Local]:
    """Started after RunPod's servers, so that these load meanwhile."""
    with fal_apps(tmp_path_factory.mktemp("fal") / "project") as local:
        yield local


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as made:
        yield made


@pytest.mark.parametrize(("worker", "request_"), CASES)
def test_the_outcome_is_the_same(worker: Worker, request_: Request, runpod: dict[str, str], fal: Local, client: httpx.Client) -> None:
    found = on_fal(fal, worker.name, request_.input)
    wait_for(client, runpod[worker.name])
    local = on_runpod(client, runpod[worker.name], request_.input)
    expected = request_.production or local
    if found[0] == "refused":
        assert expected[0] == "error", f"the app refuses what the worker answers with {expected[1]!r}"
    else:
        assert found == expected
    if request_.production is not None:
        assert request_.why
        assert local != request_.production, "the local server agrees: no exception is needed"


def test_each_way_of_failing_is_among_the_requests() -> None:
    """The table must not shrink to what is easy."""
    assert len(WORKERS) >= 8
    assert sum(request.production is not None for worker in WORKERS for request in worker.requests) >= 6
