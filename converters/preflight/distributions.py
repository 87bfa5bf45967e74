"""Import names, the distributions that hold them, and the distributions that bring others along.

Only well-known names are here: a name that is not is told nothing about.
"""

from __future__ import annotations

HOLDERS: dict[str, frozenset[str]] = {
    name: frozenset(distributions.split())
    for name, distributions in {
        "cv2": "opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless",
        "PIL": "pillow pillow-simd",
        "yaml": "pyyaml",
        "sklearn": "scikit-learn",
        "skimage": "scikit-image",
        "dotenv": "python-dotenv",
        "bs4": "beautifulsoup4",
        "torch": "torch",
        "torchvision": "torchvision",
        "torchaudio": "torchaudio",
        "diffusers": "diffusers",
        "transformers": "transformers",
        "accelerate": "accelerate",
        "vllm": "vllm",
        "whisper": "openai-whisper",
        "faster_whisper": "faster-whisper",
        "runpod": "runpod",
        "boto3": "boto3",
        "requests": "requests",
        "numpy": "numpy",
        "scipy": "scipy",
        "pandas": "pandas",
        "librosa": "librosa",
        "soundfile": "soundfile",
        "moviepy": "moviepy",
        "insightface": "insightface",
        "onnxruntime": "onnxruntime onnxruntime-gpu onnxruntime-silicon onnxruntime-openvino",
        "tensorflow": "tensorflow tensorflow-gpu tensorflow-cpu tf-nightly",
        "huggingface_hub": "huggingface-hub",
        "sentence_transformers": "sentence-transformers",
        "ultralytics": "ultralytics",
        "openai": "openai",
        "flask": "flask",
        "aiohttp": "aiohttp",
        "tqdm": "tqdm",
        "xformers": "xformers",
        "bitsandbytes": "bitsandbytes",
        "peft": "peft",
        "imageio": "imageio",
        "einops": "einops",
        "omegaconf": "omegaconf",
        "spacy": "spacy",
        "pyannote": "pyannote-audio pyannote-core pyannote-database pyannote-metrics pyannote-pipeline",
        "pkg_resources": "setuptools",
        "setuptools": "setuptools",
    }.items()
}
"""Import name -> the distributions any of which holds it."""
ROOTS = frozenset(
    {"runpod", "diffusers", "vllm", "whisper", "faster_whisper", "insightface", "moviepy", "ultralytics", "torchaudio", "flask", "peft"}
    | {"pyannote"}
)
"""Import names that few other packages bring along; `BRINGERS` has those that do."""
OF_TORCH = ROOTS - {"diffusers", "vllm", "whisper", "faster_whisper", "insightface", "moviepy", "ultralytics", "peft", "pyannote"}
"""Those of them that base images with PyTorch may hold."""
BRINGERS: dict[str, frozenset[str]] = {
    name: frozenset(distributions.split())
    for name, distributions in {
        "torchaudio": "pyannote-audio whisperx demucs audiocraft speechbrain tts f5-tts chatterbox-tts kokoro vllm deepfilternet coqui-tts",
        "diffusers": "sdnext invokeai optimum-quanto vllm chatterbox-tts",
        "faster_whisper": "whisperx faster-whisper-server whisper-live",
        "flask": "runpod dash gradio flask-cors flask-restful mlflow",
        "whisper": "whisper-timestamped stable-ts stable-ts-whisperless",
        "ultralytics": "ultralytics-thop yolov5 sahi",
        "moviepy": "manimpango",
        "insightface": "facefusion roop",
        "pyannote": "whisperx diart whisper-diarization simple-diarizer",
        "peft": "auto-gptq autogptq gptqmodel llamafactory llmtuner axolotl unsloth unsloth-zoo trl autotrain-advanced ms-swift lm-eval "
        "optimum-habana f5-tts llava sd-scripts adapters setfit colpali-engine vibevoice text-generation xtuner swift",
    }.items()
}
"""Import name -> distributions that bring it along."""
_BROUGHT = """
absl accelerate addict aiofiles aiohttp altair annotated_types antlr4 anyio apex attr attrs audioread av azure basicsr boto3 botocore
cachetools certifi cffi charset_normalizer click clip cloudpickle cog colorama coloredlogs contourpy cryptography ctranslate2 cycler
datasets dateutil decorator deepspeed dill docker einops evaluate facexlib fastapi ffmpy filelock flash_attn flatbuffers fsspec ftfy
fvcore gfpgan google googleapiclient gradio gradio_client grpc h11 httpcore httptools httpx huggingface_hub humanfriendly hydra idna
imageio_ffmpeg importlib_metadata iopath jinja2 jmespath joblib jsonschema jwt k_diffusion kiwisolver kornia lazy_loader lightning
llvmlite lpips markdown markdown_it markupsafe matplotlib mmcv mmengine mpmath msal msgpack multidict multiprocess networkx nltk numba
nvidia onnx open_clip openai OpenSSL orjson packaging pip pkg_resources platformdirs pooch prettytable protobuf psutil pyarrow pycparser
pydantic pydantic_core pydantic_settings pydub pygments pynvml pyparsing pytorch_lightning pytz realesrgan referencing regex resampy
rich ruamel s3transfer safetensors segment_anything semantic_version sentencepiece setuptools shellingham simplejson six sniffio soxr
starlette sympy taming tenacity tensorboard termcolor threadpoolctl tifffile tiktoken timm tokenizers toml tomli tomlkit toolz torch_xla
torchmetrics torchsde torchvision triton typer typing_extensions tzlocal urllib3 uvicorn uvloop watchfiles websocket websockets
werkzeug wheel wrapt xxhash yacs yarl zstandard
"""
BROUGHT = frozenset(_BROUGHT.split())
"""Modules that well-known packages bring along."""
