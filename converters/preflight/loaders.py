"""Calls that read files or models, by name: which of their arguments is a path, and when it is one of this project."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

FILES = frozenset(
    {
        "torch.load", "torch.jit.load", "np.load", "numpy.load", "np.loadtxt", "joblib.load", "cv2.imread", "Image.open", "OmegaConf.load",
        "tf.keras.models.load_model", "keras.models.load_model", "tf.saved_model.load", "pd.read_csv", "pd.read_json", "pd.read_parquet",
        "tensorflow.keras.models.load_model", "tf_keras.models.load_model",
        "fasttext.load_model", "faiss.read_index", "shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.copytree",
    }
)  # fmt: skip
"""Calls whose first argument is a file or folder that must be there."""
LAST = frozenset(
    {"load_from_checkpoint", "load_file", "InferenceSession", "truetype", "from_single_file", "load_word2vec_format", "ExLlamaV2Config"}
)
"""The same, by the last part of the name."""
HUBS = frozenset(
    {
        "from_pretrained", "SentenceTransformer", "CrossEncoder", "WhisperModel", "BatchedInferencePipeline", "from_quantized",
        "load_lora_weights", "load_textual_inversion", "load_ip_adapter", "LLM", "AsyncEngineArgs", "EngineArgs", "Translator", "Generator",
        "pipeline", "snapshot_download", "YOLO", "spacy.load",
    }
)  # fmt: skip
"""Calls that take a folder or the name of a model that a hub has, by the last part of the name."""
MODELS = ("pretrained_model_name_or_path", "model_name_or_path", "model_path", "model_id", "model")
"""Keywords of these for it."""
KEYWORDS = ("model_path", "checkpoint_path", "ckpt_path")
"""Arguments that name a file of weights, whatever is called."""
LOCAL = frozenset(
    {
        "weights", "weight", "checkpoints", "checkpoint", "ckpt", "ckpts", "models", "model", "pretrained", "pretrained_models",
        "pretrained_weights", "pretrain", "model_weights", "model_cache", "models_cache", "assets", "data", "cache", "lora", "loras",
        "saved_model", "saved_models",
    }
)  # fmt: skip
"""Names of folders, which no owner on a hub has."""
HUB_LIBRARIES = frozenset({"transformers", "diffusers", "peft", "optimum", "auto_gptq", "awq", "adapters", "setfit", "parler_tts"})
"""Libraries whose models have an owner on the Hugging Face Hub, but for the first ones of all (`FIRST`)."""
FIRST = re.compile(r"^(albert|bert|camembert|ctrl|distil\w+|gpt2|openai-gpt|roberta|t5|transfo-xl|xlm|xlnet)(-|$)", re.IGNORECASE)
"""Models from the time when the Hub had no owners; their names still lead to them."""
ULTRALYTICS = re.compile(r"^(yolo|sam|mobile_?sam|fastsam|rtdetr)", re.IGNORECASE)
"""Files that ultralytics fetches by itself, wherever they are looked for."""
WEIGHTS = re.compile(r"\.(pth|pt|ckpt|safetensors|bin|onnx|h5|pkl|gguf|ggml|tflite|pb|npz|msgpack|engine|trt)$")


def is_folder(text: str) -> bool:
    """Whether a name that may be a model's is a folder and no repository of a hub (`owner/name`)."""
    if text.startswith(("./", "../", "/")):
        return True
    parts = PurePosixPath(text).parts
    return len(parts) > 2 or (bool(parts) and parts[0].lower() in LOCAL)


def is_nowhere(text: str, library: str) -> bool:
    """Whether no hub has a model of this name: it has no owner, and the library's models have one."""
    return library in HUB_LIBRARIES and "/" not in text and FIRST.match(text) is None
