"""Environment variables: which ones fal sets itself, which are secrets, which only matter while an image is built."""

from __future__ import annotations

import re

from converters.escape import visible

BUILD_ONLY = re.compile(
    r"^(DEBIAN_FRONTEND|PIP_\w+|UV_\w+|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|PYTHONIOENCODING|LANG|LANGUAGE|LC_\w+|SHELL|TZ|TERM|HOME|USER|NVIDIA_\w+|CUDA_HOME|CUDA_VERSION"
    r"|CUDA_PATH|TORCH_CUDA_ARCH_LIST|FORCE_CUDA|MAX_JOBS|CMAKE_\w+|CC|CXX|VIRTUAL_ENV|CONDA_\w+|NEEDRESTART_\w+|APT_\w+|PS1|TCNN_CUDA_ARCHITECTURES)$"
)
"""Names that steer the build, the shell or the image's own start-up; fal's environment sets what Python needs of them."""

SECRET = re.compile(
    r"(^|_)(TOKEN|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY(_ID)?|PRIVATE_?KEY|CREDENTIALS?|AUTH_KEY|ACCESS_SECRET|WEBHOOK|SSHPASS|MYSQL_PWD"
    r"|REDISCLI_AUTH|(SIGNING|ENCRYPTION|MASTER|ACCOUNT|STORAGE|DEPLOY|LICENSE|SECRET|FAL|OPENAI|HF|WANDB)_KEY)(_|$)|[A-Z]PASSWORD$",
    re.IGNORECASE,
)
NOT_SECRET = re.compile(
    r"TOKENIZERS|MAX_\w*TOKENS|TOKEN_(LIMIT|COUNT|LENGTH)|TOKENIZER|DISABLE_TOKEN|_TOKENS\b|PUBLIC_KEY"
    r"|_(FILE|PATH|DIR|FOLDER|NAME|TYPE|HEADER|LENGTH|LIMIT|COUNT|SIZE|EXPIR\w*|TTL|MINUTES|SECONDS|HOURS|DAYS|ALGORITHM|ENABLED|REQUIRED|ENDPOINT|VERSION"
    r"|REGION|FIELD|PREFIX)$",
    re.IGNORECASE,
)
COMMON = frozenset({"HOME", "PATH", "USER", "PWD", "PYTHONPATH", "HOSTNAME", "LANG", "TMPDIR", "HF_HOME", "CUDA_VISIBLE_DEVICES", "SHELL"})
"""Set on any machine, fal's runners among them, or written more often than read."""
LAUNCHED = re.compile(r"^(SLURM_\w+|OMPI_\w+|PMIX?_\w+|MPI_LOCALRANKID|MV2_COMM_\w+)$")
"""Set by what starts a program on the nodes of a cluster (srun, mpirun): no app starts so, and nobody can set one from outside."""
LOADER = re.compile(r"^LD_\w+$")
PLATFORM = re.compile(r"^(RUNPOD_|RP_)\w+$")
CACHES = frozenset(
    {
        "HF_HOME",
        "HUGGINGFACE_HUB_CACHE",
        "HF_HUB_CACHE",
        "TRANSFORMERS_CACHE",
        "HF_DATASETS_CACHE",
        "TORCH_HOME",
        "XDG_CACHE_HOME",
        "DIFFUSERS_CACHE",
    }
)
OFFLINE = re.compile(r"^(HF_HUB|HF_DATASETS|TRANSFORMERS|DIFFUSERS)_OFFLINE$")
"""With one of them, a library reads its cache and fetches nothing."""
OF_WORKER = frozenset({"RUNPOD_WEBHOOK_GET_JOB", "RUNPOD_WEBHOOK_POST_OUTPUT", "RUNPOD_WEBHOOK_POST_STREAM", "RUNPOD_WEBHOOK_PING"})
OF_WORKER |= {"RUNPOD_AI_API_KEY"}
"""Secrets that RunPod gives its own worker loop: nobody has them to set."""


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value must not be shown (matched on word parts: TOKENIZERS_PARALLELISM is none)."""
    return bool(SECRET.search(name)) and not NOT_SECRET.search(name)


def unnamed(name: str) -> str:
    """What is wrong with a name that no system takes, and what to do."""
    return f"`{visible(name)}` cannot be the name of a variable, and is left out: correct it."
