"""One attempt in a confined process: ``python driver.py ROOT MODE ATTEMPT PLACES``, where ROOT is a checkout and PLACES a JSON object.

MODE is "root", "user" (an ordinary user, who may make namespaces) or "no namespaces" (one who may not). Prints a JSON object: how it was
confined, and what the attempt got. Runs under the system's Python: those of others may lie in a home directory.
"""

import ctypes
import importlib.util
import json
import os
import resource
import sys
from pathlib import Path


def loaded(name, file):
    """A module or package by its file, so that nothing else of a checkout can be imported."""
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=[str(file.parent)])
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def become(mode, confinement):
    """The user of a mode."""
    if mode == "root":
        return
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        confinement.kernel.prctl(4, 1)  # PR_SET_DUMPABLE: changing the user took its own /proc from the process
    if mode == "no namespaces":
        kernel = confinement.kernel
        loaded_processes = sys.modules[f"{confinement.__name__}.processes"]
        loaded_processes.own_user(0)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        kernel.drop_capabilities()


def keep_key():
    """Give the user a key for some time."""
    libc, first = ctypes.CDLL(None), {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    key = libc.syscall(first, b"user", b"fal-migrate-canary", b"canary", 6, -4)
    libc.syscall(first + 2, 15, key, 60, 0, 0)


def main():
    root, mode, attempt, places = Path(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
    confinement = loaded("confinement", root / "fal_runtime" / "confinement" / "__init__.py")
    attempts = loaded("attempts", root / "tests" / "confinement" / "attempts.py")
    become(mode, confinement)
    keep_key()
    scratch, stage = Path(places["scratch"]), Path(places["stage"])
    found = confinement.support(stage, shares_network=True)
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.setsid()
        view = confinement.View(stage, scratch, "/", tasks=200)
        confinement.confine(view, found.kind)
        if "memory" in places:
            resource.setrlimit(resource.RLIMIT_DATA, (int(places["memory"]),) * 2)
        got = getattr(attempts, attempt)(places)
        os.write(writer, got.encode())
        os._exit(0)
    os.close(writer)
    if "memory" in places:
        bounds = sys.modules["confinement.bounds"].Bounds(400, 256 * 2**20)
        bounds.hold(pid)
    with os.fdopen(reader, "rb") as answer:
        got = answer.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    told = {"kind": found.kind, "missing": list(found.missing), "got": got, "code": code}
    if "memory" in places:
        bounds.close()
        told["exceeded"] = bounds.exceeded
    print(json.dumps(told))


if __name__ == "__main__":
    main()
