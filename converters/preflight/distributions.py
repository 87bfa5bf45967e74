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
        "pkg_resources": "setuptools",
        "setuptools": "setuptools",
    }.items()
}
"""Import name -> the distributions any of which holds it."""
ROOTS = frozenset(
    {"runpod", "diffusers", "vllm", "whisper", "faster_whisper", "insightface", "moviepy", "ultralytics", "torchaudio", "flask"}
)
"""Import names that few other packages bring along; `BRINGERS` has those that do."""
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
    }.items()
}
"""Import name -> distributions that bring it along."""
