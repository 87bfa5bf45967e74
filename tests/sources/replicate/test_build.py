"""Every key of cog.yaml: what it becomes, and that none is passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ir import Disposition
from converters.outcome import Converted
from tests.sources.replicate.project import YAML, app, converted, items, manual, text, write

PREDICT = "class Predictor:\n    def predict(self, a: str) -> str:\n        return a\n"


def built(tmp_path: Path, build: str, rest: str = "", predict: str = PREDICT, **files: str) -> Converted:
    lines = "".join(f"  {line}\n" for line in build.splitlines())
    return converted(write(tmp_path / "p", predict, f"build:\n{lines}predict: predict.py:Predictor\n{rest}", **files))


def class_line(outcome: Converted, name: str) -> str:
    return next(line.strip() for line in text(outcome, "app.py").splitlines() if line.strip().startswith(f"{name} ="))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        pytest.param("python_packages:\n- torch==2.1.0\n- pillow", 'requirements = [["--extra-index-url", "https://download.pytorch.org/whl/cpu/", "torch==2.1.0", "pillow", "numpy<2"],]', id="torch without a GPU"),
        pytest.param("gpu: true\npython_packages:\n- torch==2.1.0", 'requirements = ["torch==2.1.0", "numpy<2"]', id="torch whose CUDA PyPI holds"),
        pytest.param("gpu: true\ncuda: '11.8'\npython_packages:\n- torch==2.1.0", 'requirements = [["--extra-index-url", "https://download.pytorch.org/whl/cu118/", "torch==2.1.0", "numpy<2"],]', id="torch for a stated CUDA"),
        pytest.param("python_packages:\n- a==1 --extra-index-url=https://x.example/i", 'requirements = [["--extra-index-url", "https://x.example/i", "a==1"],]', id="an option inside an item"),
        pytest.param("python_packages:\n- cog==0.9.1\n- a", 'requirements = ["a"]', id="cog among the packages"),
        pytest.param("run:\n- pip install b==2", 'requirements = ["b==2"]', id="pip in run"),
        pytest.param("run:\n- --mount=type=cache,target=/root/.cache/pip pip install b==2", 'requirements = ["b==2"]', id="a cache mount"),
        pytest.param("run:\n- pip install cog==0.10.0a18\n- ln -sf $(which echo) $(which pip)", "requirements = []", id="what only serves cog"),
        pytest.param("run:", "requirements = []", id="an empty run"),
        pytest.param("fast: true\ncog_runtime: true\nsdk_version: 0.17.0", "requirements = []", id="switches of cog's builder"),
        pytest.param("system_packages:\n- git\n- wget", "requirements = []", id="tools for building"),
    ],
)  # fmt: skip
def test_a_build_of_packages_is_a_list_of_requirements(tmp_path: Path, build: str, expected: str) -> None:
    outcome = built(tmp_path, build)
    assert expected in " ".join(text(outcome, "app.py").split()).replace("[ [", "[[").replace(", ]", ",]")
    assert "Dockerfile" not in {change.path for change in outcome.files}
    assert not manual(outcome)


@pytest.mark.parametrize(
    ("build", "line"),
    [
        pytest.param("system_packages:\n- ffmpeg", "--no-install-recommends ca-certificates curl git build-essential ffmpeg &&", id="a system package"),
        pytest.param("system_packages:\n- libgl1-mesa-glx", "build-essential libgl1 &&", id="a package that was renamed"),
        pytest.param("gpu: true\ncuda: '12.1'\nsystem_packages:\n- sox", "FROM nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04", id="CUDA"),
        pytest.param("run:\n- make -C /opt all", "RUN make -C /opt all", id="a command"),
        pytest.param("run:\n- git clone https://github.com/a/b /b", "RUN git clone https://github.com/a/b /b", id="a clone"),
        pytest.param("python_packages:\n- opencv-python", "libgl1", id="a library that cog's base image brings"),
        pytest.param("pre_install:\n- echo b > /b\nrun:\n- sed -i s/a/b/ /etc/x", "RUN sed -i s/a/b/ /etc/x\nRUN echo b > /b", id="pre_install runs after run"),
        pytest.param("python_packages:\n- \"a<2; python_version < '3.13'\"\nrun:\n- make", "'a<2; python_version < '\\''3.13'\\'''", id="what a shell would read otherwise"),
    ],
)  # fmt: skip
def test_a_build_of_more_is_cogs_own_image_without_cog(tmp_path: Path, build: str, line: str) -> None:
    outcome = built(tmp_path, build)
    dockerfile = text(outcome, "Dockerfile")
    assert line in dockerfile
    assert dockerfile.index("WORKDIR /src") < dockerfile.index("COPY . /src") < dockerfile.index("pip install --no-cache-dir fal")
    assert "cog.server" not in dockerfile
    assert "image = ContainerImage.from_dockerfile" in text(outcome, "app.py")
    assert "app_files" not in text(outcome, "app.py")


@pytest.mark.parametrize(("python", "older"), [("3.10", True), ("3.11", True), ("3.12", False)])
def test_the_pip_of_a_python_on_cuda_is_no_later_than_its_own(tmp_path: Path, python: str, older: bool) -> None:
    outcome = built(tmp_path, f"gpu: true\ncuda: '12.1'\npython_version: '{python}'\nsystem_packages:\n- sox")
    assert ("'pip<24.1'" in text(outcome, "Dockerfile")) == older


def test_a_dockerfile_of_the_project_is_not_overwritten(tmp_path: Path) -> None:
    outcome = built(tmp_path, "system_packages:\n- ffmpeg", Dockerfile="FROM scratch\n")
    assert "fal.Dockerfile" in {change.path for change in outcome.files}


@pytest.mark.parametrize(("stated", "given"), [("3.7", "3.10"), ("3.8", "3.10"), ("3.10", "3.10"), ("3.12.1", "3.12")])
def test_the_python_is_at_least_the_oldest_that_fal_supports(tmp_path: Path, stated: str, given: str) -> None:
    outcome = built(tmp_path, f"python_version: {stated}")
    assert f'python_version="{given}"' in text(outcome, "app.py")
    assert bool(items(outcome, "ENV009")) == ((stated != given and stated < "3.10") or stated in ("3.7", "3.8"))


def test_pins_without_a_wheel_for_the_raised_python_are_named(tmp_path: Path) -> None:
    outcome = built(tmp_path, "python_version: '3.8'\npython_packages:\n- torch==1.7.1\n- pillow==9.1.0")
    assert [item.message.split("`")[1] for item in items(outcome, "RC022") if item.disposition is Disposition.MANUAL] == ["torch==1.7.1"]


def test_a_pin_that_excludes_fals_own_is_left_to_a_person(tmp_path: Path) -> None:
    assert "pydantic==1.10.2" in manual(built(tmp_path, "python_packages:\n- pydantic==1.10.2"))[0]


def test_a_requirements_file_that_is_missing_is_named(tmp_path: Path) -> None:
    assert "vendor/requirements.txt is not in the project" in manual(built(tmp_path, "python_requirements: vendor/requirements.txt"))[0]


def test_variables_are_set_and_secrets_are_not_copied(tmp_path: Path) -> None:
    outcome = built(tmp_path, "gpu: false", "environment:\n- MODE=fast\n- API_KEY=hunter2\n")
    assert 'os.environ.setdefault("MODE", "fast")' in text(outcome, "app.py")
    assert all(b"hunter2" not in change.data for change in outcome.files if change.data)
    assert any("API_KEY" in item.message and item.scope.value == "deploy" for item in outcome.ledger.items())


def test_a_build_secret_is_left_to_a_person(tmp_path: Path) -> None:
    outcome = built(
        tmp_path, "run:\n- command: cat /run/secrets/hf > /token\n  mounts:\n  - type: secret\n    id: hf\n    target: /run/secrets/hf"
    )
    assert "the secret hf" in " ".join(manual(outcome))


def test_an_unknown_key_is_not_passed_over(tmp_path: Path) -> None:
    outcome = built(tmp_path, "flavour: sweet")
    assert "`build.flavour`" in manual(outcome)[0]
    assert not items(outcome, "ALL001")


@pytest.mark.parametrize(
    ("rest", "predict", "expected"),
    [
        pytest.param("concurrency:\n  max: 16\n", PREDICT.replace("def predict", "async def predict"), "max_multiplexing = 16", id="concurrency.max"),
        pytest.param("", "from cog import concurrent\n\n\nclass Predictor:\n    @concurrent(max=4)\n    async def predict(self, a: str) -> str:\n        return a\n", "max_multiplexing = 4", id="the decorator"),
        pytest.param("concurrency:\n  max: 1\n", PREDICT, "", id="one at a time"),
    ],
)  # fmt: skip
def test_concurrency_is_multiplexing(tmp_path: Path, rest: str, predict: str, expected: str) -> None:
    made = text(built(tmp_path, "gpu: false", rest, predict), "app.py")
    assert expected in made if expected else "max_multiplexing" not in made


def test_weights_of_the_file_are_fetched_once(tmp_path: Path) -> None:
    rest = "weights:\n- name: a\n  target: /src/w\n  source:\n    uri: hf://acme/tiny\n    exclude: ['*.bin']\n- name: b\n  target: models/b\n  source:\n    uri: https://x.example/b.bin\n"
    outcome = built(tmp_path, "gpu: false", rest)
    made = text(outcome, "app.py")
    assert 'hub("acme/tiny", "/src/w", include=[], exclude=["*.bin"])' in made
    assert 'link(download("https://x.example/b.bin"), Path("models/b"))' in made
    assert "def hub(" in text(outcome, "fal_weights.py")


def test_pget_becomes_a_download_into_data(tmp_path: Path) -> None:
    predict = "import subprocess\n\n\nclass Predictor:\n    def setup(self):\n        subprocess.check_call(['pget', '-x', 'https://x.example/m.tar', 'm'], close_fds=False)\n\n    def predict(self, a: str) -> str:\n        return a\n"
    outcome = built(
        tmp_path,
        "run:\n- curl -o /usr/local/bin/pget -L https://github.com/replicate/pget/releases/download/v0.8.2/pget_linux_x86_64 && chmod +x /usr/local/bin/pget",
        predict=predict,
    )
    assert "        pget(['pget', '-x', 'https://x.example/m.tar', 'm'])\n" in text(outcome, "app.py")
    assert "def pget(" in text(outcome, "fal_weights.py")
    assert app(outcome).environment.kind == "requirements"


def test_weights_that_were_baked_by_hand_are_reported(tmp_path: Path) -> None:
    predict = PREDICT.replace(
        "class Predictor:\n", "class Predictor:\n    def setup(self):\n        self.m = open('checkpoints/model.pth', 'rb')\n\n"
    )
    assert any("checkpoints/model.pth" in message for message in manual(built(tmp_path, "gpu: false", predict=predict)))


def test_weights_that_are_there_are_no_matter(tmp_path: Path) -> None:
    predict = PREDICT.replace(
        "class Predictor:\n", "class Predictor:\n    def setup(self):\n        self.m = open('checkpoints/model.pth', 'rb')\n\n"
    )
    assert not manual(built(tmp_path, "gpu: false", predict=predict, checkpoints___model__pth="x"))


def test_every_model_of_a_repository_has_the_image_of_its_own_build(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "p" / name, PREDICT, YAML.replace("predict:", f"  system_packages: [tool-{name}]\npredict:"))
    outcome = converted(tmp_path / "p")
    for name in ("a", "b"):
        assert f"tool-{name} " in text(outcome, f"{name}/Dockerfile")
        assert 'from_dockerfile(str(HERE / "Dockerfile")' in text(outcome, f"{name}/app.py")


@pytest.mark.parametrize(
    ("build", "told"),
    [
        pytest.param("run:\n- python -c 'from huggingface_hub import snapshot_download as s; s(\"a/b\")'", "snapshot_download", id="a download of the Hub"),
        pytest.param("run:\n- curl -o /src/weights/m.pth https://e.com/m.pth", "curl -o /src/weights/m.pth", id="a download of a file"),
        pytest.param("run:\n- python scripts/fetch.py", "python scripts/fetch.py", id="a script"),
        pytest.param("run:\n- ./script/download-weights", "./script/download-weights", id="a program that says what it does"),
        pytest.param("run:\n- make -C /opt all", "", id="a compiler"),
        pytest.param("python_packages:\n- numpy", "", id="packages alone"),
    ],
)  # fmt: skip
def test_model_files_that_the_build_fetches_are_told(tmp_path: Path, build: str, told: str) -> None:
    section = text(built(tmp_path, build), "MIGRATION.md").partition("### Data to move\n")[2].partition("\n##")[0]
    assert (told in section and "stays baked in the image" in section) if told else not section


@pytest.mark.parametrize(
    ("line", "gpu"),
    [
        pytest.param('self.net = Net().to("cuda")', True, id="a device in a string"),
        pytest.param("self.net = Net().to(DEVICE)", True, id="a device in a constant"),
        pytest.param('self.device = "cuda:0"\n        self.net = Net().to(self.device)', True, id="a device in an attribute"),
        pytest.param('self.net = torch.zeros(1, device=torch.device("cuda"))', True, id="a device object"),
        pytest.param('self.net = pipeline("asr", device=0)', True, id="the number of a GPU"),
        pytest.param('self.net = pipeline("asr", device=-1)', False, id="the number of no GPU"),
        pytest.param('self.net = pipeline("asr", device="cpu")', False, id="a processor"),
        pytest.param('device = "cuda" if ready() else "cpu"\n        self.net = Net().to(device)', False, id="one device or the other"),
        pytest.param('device = "cpu"\n        if ready():\n            device = "cuda"\n        self.net = Net().to(device)', False, id="a device that changes"),
    ],
)  # fmt: skip
def test_code_that_runs_on_cuda_alone_gets_a_gpu(tmp_path: Path, line: str, gpu: bool) -> None:
    predict = f'DEVICE = "cuda"\n\n\nclass Predictor:\n    def setup(self):\n        {line}\n\n    def predict(self, a: str) -> str:\n        return a\n'
    assert ('machine_type = "GPU' in text(built(tmp_path, "gpu: false", predict=predict), "app.py")) is gpu
