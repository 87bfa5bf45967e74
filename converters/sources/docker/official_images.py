"""Ready images that are servers: what each sets by itself, so that neither the program's default nor a guess takes its place.

Each row names the file that says so. Where a Dockerfile is FROM one of them, it inherits all of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from converters.sources.docker.programs import BY_MODULE, BY_PROGRAM, Program


@dataclass(frozen=True)
class Model:
    """How a server is told which model to serve: any of the flags or variables. `default`: what it serves where nothing says."""

    flags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    default: str = ""
    positional: bool = False
    """The first argument may name it."""


@dataclass(frozen=True)
class OfficialImage:
    """A base image that is a server. `pattern` matches the reference from the repository's first or a later part on."""

    pattern: str
    program: Program
    command: tuple[str, ...] = ()
    """What it starts by itself; empty where that is a shell or nothing."""
    port: int | None = None
    starts: bool = True
    """It starts the server by itself; False for an image of tools, which needs a command."""
    is_cmd: bool = False
    """The command is the image's CMD, which a CMD of its own or compose's `command` replaces."""
    env: dict[str, str] = field(default_factory=dict)
    """Variables that decide where it listens and where its models go, as the image sets them."""
    host: str = ""
    """The address that a configuration inside the image sets; '' where the program's own default holds."""
    gpu: bool = False
    """Made for a GPU, but for tags that `other` matches; else only the tags that `cuda` matches are."""
    other: str = r"cpu|rocm|intel|gaudi|neuron|vulkan|xpu"
    cuda: str = r"cuda|gpu|cu1\d\d"
    model: Model | None = None
    weights: str = ""
    """The folder in which it keeps models that it downloads."""
    source: str = ""

    def asks_for_gpu(self, reference: str) -> bool:
        """Whether this tag of the image is the one for NVIDIA GPUs."""
        tag = reference.partition("@")[0].rpartition("/")[2]
        if re.search(self.other, tag):
            return False
        return self.gpu or re.search(self.cuda, tag) is not None


UNPUBLISHED = re.compile(r"local/llama\.cpp:(?P<tag>[\w.-]+)")
"""https://github.com/ggml-org/llama.cpp/blob/master/docs/docker.md: `docker build -t local/llama.cpp:server-cuda`."""
UI = Program("Stable Diffusion web UI", 7860, ports=("--port",), hosts=("--server-name", "--listen"), loopback=True, health="/")
COMFYUI = Program("ComfyUI", 8188, hosts=("--listen",), loopback=True, health="/system_stats")
TEXT_UI = Program(
    "text-generation-webui", 7860, ports=("--listen-port",), hosts=("--listen-host", "--listen"), loopback=True, health="/"
)  # fmt: skip

IMAGES: tuple[OfficialImage, ...] = (
    OfficialImage(
        r"tiangolo/(uvicorn-gunicorn|meinheld-gunicorn|uwsgi-nginx)",
        BY_PROGRAM["start.sh@tiangolo"],
        ("/start.sh",),
        80,
        is_cmd=True,
        source="https://github.com/tiangolo/uvicorn-gunicorn-docker/blob/master/docker-images/gunicorn_conf.py",
    ),
    OfficialImage(
        r"vllm/vllm-openai",
        BY_PROGRAM["vllm"],
        ("vllm", "serve"),
        8000,
        gpu=True,
        model=Model(("--model",), (), "a small model of its own choice", positional=True),
        weights="/root/.cache/huggingface",
        source="https://github.com/vllm-project/vllm/blob/main/docker/Dockerfile",
    ),
    OfficialImage(
        r"huggingface/text-generation-inference",
        BY_PROGRAM["text-generation-launcher"],
        ("text-generation-launcher",),
        80,
        env={"PORT": "80", "HF_HOME": "/data"},
        gpu=True,
        model=Model(("--model-id",), ("MODEL_ID",), "bigscience/bloom-560m"),
        weights="/data",
        source="https://github.com/huggingface/text-generation-inference/blob/main/Dockerfile",
    ),
    OfficialImage(
        r"huggingface/text-embeddings-inference",
        BY_PROGRAM["text-embeddings-router"],
        ("text-embeddings-router",),
        80,
        env={"PORT": "80", "HUGGINGFACE_HUB_CACHE": "/data"},
        gpu=True,
        model=Model(("--model-id",), ("MODEL_ID",), "BAAI/bge-large-en-v1.5"),
        weights="/data",
        source="https://github.com/huggingface/text-embeddings-inference/blob/main/Dockerfile-cuda",
    ),
    OfficialImage(
        r"(ggml-org|ggerganov)/llama\.cpp:.*server",
        BY_PROGRAM["llama-server"],
        ("/app/llama-server",),
        8080,
        env={"LLAMA_ARG_HOST": "0.0.0.0"},
        model=Model(
            ("-m", "--model", "-mu", "--model-url", "-hf", "-hfr", "--hf-repo", "-dr", "--docker-repo", "--models-dir"),
            ("LLAMA_ARG_MODEL", "LLAMA_ARG_MODEL_URL", "LLAMA_ARG_HF_REPO", "LLAMA_ARG_DOCKER_REPO", "LLAMA_ARG_MODELS_DIR"),
        ),
        weights="/root/.cache/llama.cpp",
        source="https://github.com/ggml-org/llama.cpp/blob/master/.devops/cuda.Dockerfile",
    ),
    OfficialImage(
        r"nvcr\.io/nvidia/tritonserver",
        BY_PROGRAM["tritonserver"],
        (),
        8000,
        starts=False,
        gpu=True,
        model=Model(("--model-repository", "--model-store")),
        source="https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/getting_started/quickstart.html",
    ),
    OfficialImage(
        r"pytorch/torchserve",
        BY_PROGRAM["torchserve"],
        ("/usr/local/bin/dockerd-entrypoint.sh", "serve"),
        8080,
        host="0.0.0.0",
        source="https://github.com/pytorch/serve/blob/master/docker/config.properties",
    ),
    OfficialImage(
        r"ollama/ollama",
        BY_PROGRAM["ollama"],
        ("/bin/ollama", "serve"),
        11434,
        env={"OLLAMA_HOST": "0.0.0.0:11434"},
        gpu=True,
        weights="/root/.ollama",
        source="https://github.com/ollama/ollama/blob/main/Dockerfile",
    ),
    OfficialImage(
        r"tensorflow/serving",
        BY_PROGRAM["tensorflow_model_server"],
        ("/usr/bin/tf_serving_entrypoint.sh",),
        8501,
        env={"MODEL_BASE_PATH": "/models"},
        source="https://github.com/tensorflow/serving/blob/master/tensorflow_serving/tools/docker/Dockerfile",
    ),
    OfficialImage(
        r"localai/localai",
        BY_PROGRAM["local-ai"],
        ("/build/entrypoint.sh",),
        8080,
        source="https://localai.io/basics/container/",
    ),
    OfficialImage(
        r"michaelf34/infinity",
        BY_PROGRAM["infinity_emb"],
        ("infinity_emb",),
        7997,
        gpu=True,
        model=Model(("--model-id", "--model-name-or-path"), ("INFINITY_MODEL_ID",), "michaelfeil/bge-small-en-v1.5"),
        weights="/app/.cache",
        source="https://github.com/michaelfeil/infinity/blob/main/libs/infinity_emb/Dockerfile.nvidia_auto",
    ),
    OfficialImage(
        r"openmmlab/lmdeploy",
        BY_PROGRAM["lmdeploy"],
        (),
        23333,
        starts=False,
        gpu=True,
        source="https://github.com/InternLM/lmdeploy/blob/main/docker/Dockerfile",
    ),
    OfficialImage(
        r"xprobe/xinference",
        BY_PROGRAM["xinference-local"],
        (),
        9997,
        starts=False,
        gpu=True,
        source="https://inference.readthedocs.io/en/latest/getting_started/using_docker_image.html",
    ),
    OfficialImage(
        r"lmsysorg/sglang",
        BY_MODULE["sglang.launch_server"],
        (),
        30000,
        starts=False,
        gpu=True,
        model=Model(("--model-path", "--model")),
        weights="/root/.cache/huggingface",
        source="https://docs.sglang.ai/get_started/install.html",
    ),
    OfficialImage(
        r"semitechnologies/|weaviate-",
        Program("Weaviate module", 8080, health="/.well-known/ready"),
        (),
        8080,
        source="https://weaviate.io/developers/weaviate/modules",
    ),
    OfficialImage(
        r"onerahmet/openai-whisper-asr-webservice",
        Program("whisper-asr-webservice", 9000, health="/docs", openapi="/openapi.json"),
        (),
        9000,
        source="https://ahmetoner.com/whisper-asr-webservice/run/",
    ),
    OfficialImage(
        r"fedirz/faster-whisper-server|speaches-ai/speaches",
        Program("speaches", 8000, health="/health", openapi="/openapi.json"),
        (),
        8000,
        source="https://speaches.ai/installation/",
    ),
    OfficialImage(
        r"remsky/kokoro-fastapi",
        Program("Kokoro-FastAPI", 8880, health="/health", openapi="/openapi.json"),
        (),
        8880,
        source="https://github.com/remsky/Kokoro-FastAPI#get-started",
    ),
    OfficialImage(
        r"unstructured-io/unstructured-api|unstructured-api",
        Program("unstructured-api", 8000, health="/healthcheck", openapi="/general/openapi.json"),
        (),
        8000,
        source="https://github.com/Unstructured-IO/unstructured-api",
    ),
    OfficialImage(
        r"(docling-project|ds4sd)/docling-serve",
        Program("docling-serve", 5001, health="/health", openapi="/openapi.json"),
        (),
        5001,
        source="https://github.com/docling-project/docling-serve#container-images",
    ),
    OfficialImage(
        r"yanwk/comfyui-boot|ai-dock/comfyui|[\w.-]*/comfyui[:@-]|[\w.-]*/comfyui$",
        COMFYUI,
        (),
        8188,
        host="0.0.0.0",
        gpu=True,
        source="https://github.com/YanWenKun/ComfyUI-Docker",
    ),
    OfficialImage(
        r"(ai-dock|universonic|siutin)/stable-diffusion-webui",
        UI,
        (),
        7860,
        host="0.0.0.0",
        gpu=True,
        source="https://github.com/ai-dock/stable-diffusion-webui",
    ),
    OfficialImage(
        r"^r8\.im/",
        BY_MODULE["cog.server.http"],
        ("python", "-m", "cog.server.http"),
        5000,
        source="https://cog.run/http/",
    ),
    OfficialImage(
        r"(library/)?nginx(:|$|@)",
        Program("nginx", 80, ports=(), hosts=(), health="/"),
        ("nginx", "-g", "daemon off;"),
        80,
        other=r".",
        source="https://hub.docker.com/_/nginx",
    ),
)


MODELS: dict[str, Model] = {one.program.name: one.model for one in IMAGES if one.model is not None}
"""Program -> how it is told a model, whichever image it runs in."""


def official(reference: str) -> OfficialImage | None:
    """What is known of a base image that is a server."""
    return next((one for one in IMAGES if re.search(_anchored(one.pattern), reference)), None)


def _anchored(pattern: str) -> str:
    return pattern if pattern.startswith("^") else rf"(^|/)({pattern})"


@dataclass(frozen=True)
class ClonedProgram:
    """A server that images get by `git clone`: the scripts that start it and what they serve."""

    repository: str
    scripts: tuple[str, ...]
    program: Program
    arguments: str = ""
    """The variable that holds further arguments."""


CLONED: tuple[ClonedProgram, ...] = (
    ClonedProgram(r"/comfyui(\.git)?\b", ("main.py",), COMFYUI),
    ClonedProgram(r"/stable-diffusion-webui(-forge)?(\.git)?\b", ("launch.py", "webui.py", "webui.sh"), UI, "COMMANDLINE_ARGS"),
    ClonedProgram(r"/text-generation-webui(\.git)?\b", ("server.py", "start_linux.sh"), TEXT_UI),
)
"""https://github.com/comfyanonymous/ComfyUI (comfy/cli_args.py), https://github.com/AUTOMATIC1111/stable-diffusion-webui
(modules/cmd_args.py), https://github.com/oobabooga/text-generation-webui (modules/shared.py)."""


def scripts_of(image: OfficialImage | None) -> ClonedProgram | None:
    """The scripts that start the server which a ready image has as a clone."""
    return next((one for one in CLONED if image is not None and one.program is image.program), None)


def cloned(script: str) -> ClonedProgram | None:
    """The known server that a build step clones."""
    for address in re.findall(r"git\s+clone\s+(?:[^\n;&|]*?\s)?(https?://\S+|git@\S+)", script):
        found = next((one for one in CLONED if re.search(one.repository, address, re.IGNORECASE)), None)
        if found is not None:
            return found
    return None
