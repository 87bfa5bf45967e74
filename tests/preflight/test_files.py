"""Files, folders and programs that code on a runner needs: named where nothing puts them there, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.preflight.project import WORKER, converted, lacking, predictor

TRANSFORMERS = "from transformers import AutoModel"
NEEDED = [
    pytest.param('subprocess.run("python engine/run.py --x", shell=True)', "", "engine/run.py", id="a script in a line for a shell"),
    pytest.param('subprocess.Popen(f"python ./engine/main.py --to {self}", shell=True)', "", "./engine/main.py", id="a line with unknown parts"),
    pytest.param('command = f"python engine/main.py {self}"\nsubprocess.Popen(command, shell=True)', "", "engine/main.py", id="a line in a name"),
    pytest.param('os.system("bash engine/run.sh")', "", "engine/run.sh", id="a script of a shell"),
    pytest.param('subprocess.Popen(["python", "main.py"], cwd="engine")', "", "engine/main.py", id="a script in the folder that it runs in"),
    pytest.param('subprocess.run("cd engine && python -u main.py", shell=True)', "", "engine/main.py", id="a script behind cd"),
    pytest.param('subprocess.run(["bash", "-c", "exec python engine/main.py"])', "", "engine/main.py", id="a shell in a list"),
    pytest.param('os.chdir("engine")', "", "engine", id="a folder that the code changes to"),
    pytest.param('sys.path.append("engine")\nimport nodes', "", "engine", id="a folder of modules that nothing else brings"),
    pytest.param('AutoModel.from_pretrained("Raven-13B-GPTQ")', TRANSFORMERS, "Raven-13B-GPTQ", id="a model without an owner"),
    pytest.param('AutoModel.from_pretrained("gpt2", local_files_only=True)', TRANSFORMERS, "gpt2", id="a model that must not be fetched"),
    pytest.param('AutoModel.from_pretrained("a/b", cache_dir="cache", local_files_only=True)', TRANSFORMERS, "cache", id="a cache that must be filled"),
    pytest.param('Own("a/b", cache_dir="cache", local_files_only=True)', "from own import Own", "cache", id="a cache that a class of the project reads"),
    pytest.param('folder, only = "cache", True\nOwn("a/b", cache_dir=folder, local_files_only=only)', "from own import Own", "cache", id="a cache in a name"),
    pytest.param('AutoModel.from_pretrained(CACHE / "clip")', TRANSFORMERS, "weights/clip", id="a folder in a path"),
    pytest.param('YOLO("weights/best.pt")', "from ultralytics import YOLO", "weights/best.pt", id="weights of one's own"),
    pytest.param('WhisperModel("models/whisper-large", device="cpu")', "from faster_whisper import WhisperModel", "models/whisper-large", id="a converted model"),
    pytest.param('torch.hub.load("./yolov5", "custom", source="local")', "import torch", "./yolov5", id="a clone that torch.hub loads"),
    pytest.param('Pipe.from_single_file("checkpoints/m.safetensors")', "from diffusers import Pipe", "checkpoints/m.safetensors", id="one file of weights"),
    pytest.param('spacy.load("./model")', "import spacy", "./model", id="a model of spaCy"),
]  # fmt: skip
NOT_NEEDED = [
    pytest.param('AutoModel.from_pretrained("bert-base-uncased")', TRANSFORMERS, id="a first model of the Hub"),
    pytest.param('AutoModel.from_pretrained("acme/base", cache_dir="cache")', TRANSFORMERS, id="a cache that is filled"),
    pytest.param('Net.from_pretrained("efficientnet-b0")', "from efficientnet import Net", id="a library with names of its own"),
    pytest.param('YOLO("yolov8n.pt")\nYOLO("weights/yolov8n.pt")', "from ultralytics import YOLO", id="weights that ultralytics fetches"),
    pytest.param('WhisperModel("large-v3")', "from faster_whisper import WhisperModel", id="a size of whisper"),
    pytest.param('subprocess.run("ffmpeg -i a.mp4 b.mp3", shell=True)', "", id="a program of the system"),
    pytest.param('subprocess.run(["python", "-m", "pip", "list"])', "", id="a module that is run"),
    pytest.param('subprocess.run(["git", "clone", "https://e.com/engine"])\nsubprocess.run("python engine/main.py", shell=True)', "", id="a clone"),
    pytest.param('subprocess.run("git clone https://e.com/a engine", shell=True)\nos.chdir("engine")', "", id="a clone under another name"),
    pytest.param('if os.path.exists("engine/main.py"):\n    subprocess.run("python engine/main.py", shell=True)', "", id="a script that is asked for"),
    pytest.param('subprocess.Popen("python main.py", shell=True, cwd=self.folder())', "", id="a folder that reading does not tell"),
    pytest.param('sys.path.append("engine")\nimport json', "", id="a folder of modules that nobody misses"),
    pytest.param('sys.path.append("engine")\ntry:\n    import nodes\nexcept ImportError:\n    nodes = None', "", id="modules that the code does without"),
    pytest.param('Own("a/b", cache_dir="cache", local_files_only=False)', "from own import Own", id="a cache that a class of the project fills"),
    pytest.param('only = True\nonly = False\nOwn("a/b", cache_dir="cache", local_files_only=only)', "from own import Own", id="a name that is given twice"),
    pytest.param('os.makedirs("engine", exist_ok=True)\nos.chdir("engine")', "", id="a folder that the code makes"),
    pytest.param('snapshot_download("a/b", local_dir="./mine")\nAutoModel.from_pretrained("./mine")', TRANSFORMERS, id="a model that the code fetches"),
    pytest.param('print("python engine/main.py")', "", id="a command that is only printed"),
]  # fmt: skip


@pytest.mark.parametrize(("setup", "imports", "path"), NEEDED)
def test_what_nothing_puts_there_is_named(tmp_path: Path, setup: str, imports: str, path: str) -> None:
    assert lacking(predictor(tmp_path, setup, imports)) == [path]


@pytest.mark.parametrize(("setup", "imports"), NOT_NEEDED)
def test_what_something_brings_is_not_asked_for(tmp_path: Path, setup: str, imports: str) -> None:
    assert lacking(predictor(tmp_path, setup, imports)) == []


def test_a_script_of_the_project_is_there(tmp_path: Path) -> None:
    assert lacking(predictor(tmp_path, 'subprocess.run("cd engine && python run.py", shell=True)', **{"engine/run.py": "print(1)"})) == []


IMAGE = "FROM python:3.11-slim\nWORKDIR {workdir}\nRUN pip install runpod\nCOPY . ./\nCMD {command}\n"
PREPARE = {"prepare.py": "from pathlib import Path\n\nPath('note.txt').write_text('a')\n"}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param('["bash", "-c", "python prepare.py && python -u handler.py"]', id="a program of Python"),
        pytest.param('["bash", "-c", "python -m prepare; exec python -u handler.py"]', id="a module of Python"),
        pytest.param('["bash", "-c", "cd /app && python prepare.py && python -u handler.py"]', id="a program behind cd"),
        pytest.param('["bash", "start.sh"]', id="a script that starts a program"),
        pytest.param('["bash", "-c", "echo a > note.txt && python -u handler.py"]', id="a redirection"),
        pytest.param('["bash", "-c", "cp prepare.py note.txt && python -u handler.py"]', id="a copy"),
    ],
)
def test_what_the_start_command_writes_is_there(tmp_path: Path, command: str) -> None:
    files = {"start.sh": "python prepare.py\nexec python -u handler.py\n", "Dockerfile": IMAGE.format(workdir="/app", command=command)}
    assert lacking(converted(tmp_path, {"handler.py": WORKER, **PREPARE, **files})) == []


def test_a_start_command_that_writes_something_else_does_not_help(tmp_path: Path) -> None:
    command = '["bash", "-c", "python prepare.py && python -u handler.py"]'
    files = {"prepare.py": "print('ready')\n", "Dockerfile": IMAGE.format(workdir="/app", command=command)}
    assert lacking(converted(tmp_path, {"handler.py": WORKER, **files})) == ["note.txt"]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        pytest.param('["bash", "-c", "bash /srv/side.sh & python -u handler.py"]', "image", id="a place of the image"),
        pytest.param('["bash", "-c", "bash side.sh & python -u handler.py"]', "requirements", id="a path beside the worker"),
        pytest.param('["python", "-u", "/srv/handler.py"]', "requirements", id="the worker itself"),
    ],
)
def test_a_start_command_that_names_places_of_the_image_keeps_it(tmp_path: Path, command: str, kind: str) -> None:
    files = {"handler.py": WORKER, "note.txt": "a", "side.sh": "sleep 9", "Dockerfile": IMAGE.format(workdir="/srv", command=command)}
    outcome = converted(tmp_path, files)
    assert outcome.application.apps[0].environment.kind == kind
    assert not outcome.ledger.open_code_items()
