"""Which process runs which tests: modules that look at the same things run in one, and those that take longest begin."""

from __future__ import annotations

from typing import Any

from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER = {
    "tests/test_ledger_complete.py": "tests/rules/test_rules.py",
    **{f"tests/docker/test_{name}.py": "tests/verify/test_servers.py" for name in ("capture", "equivalence", "setup_function")},
}
"""A module -> the one beside which it runs: what became of a case that both look at is there, or their servers take the same ports."""
STARTING = ("callers", "confinement", "docker", "oracle", "mcp", "rehearsal", "replicate", "runtime", "test_kill.py", "verify")
"""Folders and modules of tests that start programs: one of them takes as long as many others."""
_AS_MANY = 30


class Scheduling(LoadScopeScheduling):
    """A module at a time for each process."""

    def __init__(self, config: Any, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._numbers: dict[str, int] = {}

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return TOGETHER.get(module, module)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not self._numbers:
            self._numbers = {nodeid: number for number, nodeid in enumerate(self.registered_collections[node])}
        module = max(self.workqueue, key=self._length)
        self.assigned_work[node][module] = tests = self.workqueue.pop(module)
        node.send_runtest_some([self._numbers[nodeid] for nodeid, completed in tests.items() if not completed])

    def _length(self, module: str) -> int:
        starting = module.partition("/")[2].partition("/")[0] in STARTING
        return len(self.workqueue[module]) * (_AS_MANY if starting else 1)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        module = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][module].values()):
            del self.assigned_work[node][module]
