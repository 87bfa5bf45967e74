"""What `fal deploy` does on the deployer's machine: load an app by its ref and pickle it. One app, one process."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import cloudpickle
from fal.api import FalServerlessHost
from fal.api.api import _prepare_partial_func, _runtime_config_from_options
from fal.toolkit.file import file as uploads
from fal.utils import load_function_from


def main(folder: str, ref: str, payload: str) -> None:
    os.chdir(folder)
    uploads.BUILT_IN_REPOSITORIES["fal_v3"] = uploads.BUILT_IN_REPOSITORIES["in_memory"]  # uploads become data URLs
    file, _, name = ref.partition("::")
    loaded = load_function_from(FalServerlessHost("localhost", local_file_path=file), file, name)
    function = loaded.function
    partial = _prepare_partial_func(function.func, runtime_config=_runtime_config_from_options(function.options, file))
    Path(payload).write_bytes(cloudpickle.dumps(partial))
    environment = {key: value for key, value in function.options.environment.items() if key in ("kind", "requirements", "python_version")}
    host = {key: function.options.host.get(key) for key in ("app_files", "app_files_context_dir", "machine_type")}
    print(
        json.dumps(
            {
                "openapi": function.build_metadata().get("openapi"),
                "environment": environment,
                "host": host,
                "name": loaded.app_name,
                "auth": loaded.app_auth,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
