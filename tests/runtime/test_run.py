"""Given this project, this is what a client and the person at the terminal get."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.warm import Warm

from .conftest import Served, alive, gone, written

Write = Callable[..., Path]
Serve = Callable[..., Served]

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
"""

APP = """
    import os
    from pathlib import Path

    import fal
    from fal.toolkit import File, Image, download_file
    from pydantic import BaseModel

    PNG = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c4944415478da63f8cfc0000003010100f70341430000000049454e44ae426082"
    )

    class Input(BaseModel):
        prompt: str
        steps: int = 3

    class Picture(BaseModel):
        image: Image

    class Link(BaseModel):
        url: str

    class Demo(fal.App, name="demo"):
        def setup(self):
            self.where = os.getcwd()

        @fal.endpoint("/")
        def run(self, input: Input) -> dict:
            return {"prompt": input.prompt, "steps": input.steps}

        @fal.endpoint("/boom")
        def boom(self, input: Input) -> dict:
            raise ValueError("secret detail")

        @fal.endpoint("/image")
        def picture(self, input: Input) -> Picture:
            Path("out.png").write_bytes(PNG)
            return Picture(image=Image.from_path("out.png", content_type="image/png"))

        @fal.endpoint("/size")
        def size(self, input: Picture) -> dict:
            return {"size": list(input.image.to_pil().size)}

        @fal.endpoint("/download")
        def download(self, input: Link) -> dict:
            return {"path": str(download_file(input.url, target_dir="inputs"))}

        @fal.endpoint("/data")
        def data(self, input: Input) -> dict:
            Path("/data/models").mkdir(parents=True, exist_ok=True)
            Path("/data/models/marker").write_text(input.prompt)
            return {"hf_home": os.environ["HF_HOME"], "key": os.environ["FAL_KEY"], "app": os.environ["FAL_APP_NAME"]}

        @fal.endpoint("/environment")
        def environment(self, input: Input) -> dict:
            import converters_like_name  # noqa: F401
            return {}

        @fal.endpoint("/request")
        def request(self, input: Input) -> dict:
            return {"id": self.current_request.request_id, "endpoint": self.current_request.endpoint,
                    "headers": dict(self.current_request.headers)}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Iterator[Served]:
    """APP, served once for tests that only ask it."""
    folder = tmp_path_factory.mktemp("demo")
    served = Served(written(folder / "project", pyproject_toml=PYPROJECT, app_py=APP), folder / "data", warm=warm)
    yield served
    served.close()


@pytest.mark.versions
@pytest.mark.cold
def test_an_app_answers_json_with_json(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=APP))
    answer = served.post("demo", {"prompt": "a cat"})
    assert answer.status_code == 200
    assert answer.json() == {"prompt": "a cat", "steps": 3}
    assert answer.headers["x-fal-request-id"]
    assert httpx.get(served.url("demo") + "/health").json() == {"version": "unknown"}


@pytest.mark.versions
def test_errors_of_the_app_keep_the_sdk_bodies(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=APP))
    invalid = served.post("demo", {"steps": 1})
    assert invalid.status_code == 422
    assert invalid.json()["detail"][0]["loc"] == ["body", "prompt"]
    assert invalid.headers["x-fal-billable-units"] == "0"
    missing = served.post("demo", {}, "/nowhere")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Path /nowhere not found"})
    crash = served.post("demo", {"prompt": "x"}, "/boom")
    assert (crash.status_code, crash.json()) == (500, {"detail": "Internal Server Error"})
    served.line(r"^\[demo\] ValueError: secret detail$")
    assert httpx.get(served.url("demo")).status_code == 405


def test_an_app_that_is_not_served_is_a_404_of_the_platform(demo: Served) -> None:
    url = demo.url("demo").replace("/demo", "/other")
    answer = httpx.post(url, json={})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith('Application "local/other" not found: only local apps are served here (local/demo). ')


def test_the_gateway_has_a_health_page(demo: Served) -> None:
    assert httpx.get(demo.url("demo").replace("/local/demo", "/health")).status_code == 200


def test_the_owner_is_part_of_the_url(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=APP), "--owner", "acme")
    assert served.url("demo").endswith("/acme/demo")
    assert served.post("demo", {"prompt": "x"}).status_code == 200


@pytest.mark.versions
def test_an_image_is_served_and_can_be_fed_back(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=APP))
    image = served.post("demo", {"prompt": "x"}, "/image").json()["image"]
    fetched = httpx.get(image["url"])
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.content.startswith(b"\x89PNG")
    part = httpx.get(image["url"], headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert httpx.get(image["url"] + "x").status_code == 404
    pytest.importorskip("PIL")
    back = served.post("demo", {"image": {"url": image["url"]}}, "/size")
    assert back.json() == {"size": [1, 1]}
    assert served.post("demo", {"url": image["url"]}, "/download").json()["path"].startswith("/data/inputs/")
    other = served.post("demo", {"url": "http://127.0.0.1:9/x.png"}, "/download")
    assert other.status_code == 500


def test_data_is_the_given_directory(demo: Served) -> None:
    answer = demo.post("demo", {"prompt": "kept"}, "/data").json()
    assert answer["hf_home"] == "/data/.cache/huggingface"
    assert answer["app"] == "local/demo"
    assert (demo.data / "models" / "marker").read_text() == "kept"


def test_callers_cannot_set_the_platform_s_headers(demo: Served) -> None:
    headers = {"x-fal-request-id": "forged", "x-fal-no-retry": "1", "x-own": "kept"}
    answer = httpx.post(demo.url("demo") + "/request", json={"prompt": "x"}, headers=headers)
    seen = answer.json()
    assert seen["id"] == answer.headers["x-fal-request-id"] != "forged"
    assert seen["endpoint"] == "local/demo/request"
    assert seen["headers"]["x-own"] == "kept"
    assert "x-fal-no-retry" not in seen["headers"]


def test_secrets_reach_the_runner_and_not_the_payload(project: Write, serve: Serve, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.env"
    secrets.write_text("# comment\nexport TOKEN='abc def'\nOTHER=1\n")
    app = """
        import os
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        AT_DEPLOY = os.environ.get("TOKEN")

        class Demo(fal.App, name="demo"):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {"deploy": AT_DEPLOY, "run": os.environ["TOKEN"]}
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app), "--secrets", str(secrets))
    assert served.post("demo", {}).json() == {"deploy": None, "run": "abc def"}


def test_an_app_that_lists_secrets_gets_no_others(project: Write, serve: Serve, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.env"
    secrets.write_text("TOKEN=1\nOTHER=2\n")
    app = """
        import os
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        class Demo(fal.App, name="demo", secrets=["TOKEN", "ABSENT"]):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {name: os.environ.get(name) for name in ("TOKEN", "OTHER", "ABSENT")}
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app), "--secrets", str(secrets))
    served.line(r"^demo: secret ABSENT is listed by the app but not given")
    assert served.post("demo", {}).json() == {"TOKEN": "1", "OTHER": None, "ABSENT": None}


@pytest.mark.versions
def test_app_files_are_importable_inside_setup(project: Write, serve: Serve) -> None:
    app = """
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        class Demo(fal.App, name="demo", app_files=["templates", "gateway.py", "names.txt"]):
            def setup(self):
                import gateway
                import templates.text
                self.value = gateway.VALUE + templates.text.VALUE

            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                import os
                return {"value": self.value, "cwd": os.getcwd(), "file": open("names.txt").read(), "here": sorted(os.listdir())}
    """
    root = project(
        pyproject_toml=PYPROJECT, app_py=app, gateway_py="VALUE = 'g'", templates__text_py="VALUE = 't'", templates____init___py=""
    )
    (root / "names.txt").write_text("names")
    served = serve(root)
    answer = served.post("demo", {}).json()
    assert answer["value"] == "gt"
    assert (answer["cwd"], answer["file"]) == ("/app", "names")
    assert "app.py" not in answer["here"]


def test_future_annotations_break_here_as_they_do_once_deployed(project: Write, serve: Serve) -> None:
    app = """
        from __future__ import annotations
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            prompt: str

        class Demo(fal.App, name="demo"):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {"prompt": input.prompt}
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    answer = served.post("demo", {"prompt": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "query"


def test_a_shipped_module_at_top_level_fails_here_as_it_does_once_deployed(project: Write, serve: Serve) -> None:
    app = """
        import fal
        from schemas import Input

        class Demo(fal.App, name="demo", app_files=["schemas.py"]):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {}
    """
    schemas = """
        from pydantic import BaseModel

        class Input(BaseModel):
            prompt: str
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app, schemas_py=schemas))
    served.line(r"^demo: ModuleNotFoundError: No module named 'schemas'")
    assert served.post("demo", {}).status_code == 503


def test_a_container_app_finds_its_files_where_the_dockerfile_puts_them(project: Write, serve: Serve) -> None:
    app = '''
        import fal
        from fal.container import ContainerImage
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        DOCKERFILE = """
        FROM python:3.11
        ENV MODE=fast
        WORKDIR /src
        COPY . .
        COPY weights.txt /opt/weights/
        """

        class Demo(fal.App, name="demo", image=ContainerImage.from_dockerfile_str(DOCKERFILE)):
            def setup(self):
                import predict
                self.value = predict.VALUE

            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                import os, sys
                return {"value": self.value, "cwd": os.getcwd(), "mode": os.environ["MODE"],
                        "weights": open("/opt/weights/weights.txt").read()}
    '''
    root = project(pyproject_toml=PYPROJECT, app_py=app, predict_py="VALUE = __file__")
    (root / "weights.txt").write_text("w")
    answer = serve(root).post("demo", {}).json()
    assert answer == {"value": "/src/predict.py", "cwd": "/src", "mode": "fast", "weights": "w"}


def test_files_of_a_pattern_are_there_but_not_once_deployed(project: Write, serve: Serve) -> None:
    app = '''
        import fal
        from fal.container import ContainerImage
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        DOCKERFILE = """
        FROM python:3.11
        WORKDIR /src
        COPY *.py lib/h*.py ./
        COPY missing*.txt named.txt ./
        """

        class Demo(fal.App, name="demo", image=ContainerImage.from_dockerfile_str(DOCKERFILE)):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                import os
                return {"files": sorted(name for name in os.listdir() if not name.startswith("__"))}
    '''
    root = project(pyproject_toml=PYPROJECT, app_py=app, predict_py="", lib__helper_py="", lib__other_py="")
    (root / "named.txt").touch()
    served = serve(root)
    assert served.post("demo", {}).json() == {"files": ["helper.py", "named.txt", "predict.py"]}
    served.line(r"^demo: COPY \*\.py: fal uploads no file for a pattern; name the files before you deploy")
    served.line(r"^demo: COPY missing\*\.txt: no such file in the build context")


def test_setup_that_raises_gives_one_clear_line_and_a_platform_error(project: Write, serve: Serve) -> None:
    app = """
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        class Demo(fal.App, name="demo"):
            def setup(self):
                raise RuntimeError("no weights")

            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {}
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    served.line(r"^demo: RuntimeError: no weights \(app\.py:9\); next attempt in 30 s")
    answer = served.post("demo", {})
    assert answer.status_code == 503
    assert answer.json()["error_type"] == answer.headers["x-fal-error-type"] == "runner_scheduling_failure"
    assert "no weights" in answer.json()["detail"]


def test_a_file_that_cannot_be_imported_is_named_with_its_line(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py="import fal\nimport not_installed_anywhere\n"))
    served.line(r"^error: demo: app\.py:2: ModuleNotFoundError")
    assert served.process.wait(30) == 5


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[tool.other]\n", r"no \[tool\.fal\.apps\.NAME\] table"),
        ("[tool.fal.apps\n", r"pyproject\.toml: "),
        ("[tool.fal.apps.demo]\nrefs = 'app.py'\n", r"error: demo: ValueError: App demo does not have a ref"),
    ],
    ids=["a file without apps", "a file that is not TOML", "a table that fal refuses"],
)
def test_an_unreadable_project_is_exit_code_5(project: Write, serve: Serve, toml: str, message: str) -> None:
    served = serve(project(pyproject_toml=toml))
    served.line(message)
    assert served.process.wait(30) == 5


def test_a_port_in_use_is_one_clear_line(project: Write, serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = serve(project(pyproject_toml=PYPROJECT, app_py=APP), "--port", str(taken.getsockname()[1]))
        served.line(r"^error: cannot listen on 127\.0\.0\.1:\d+: Address already in use; choose another one with --port")
        assert served.process.wait(30) == 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left(project: Write, serve: Serve, signum: int) -> None:
    app = APP.replace(
        "self.where = os.getcwd()",
        "import subprocess; subprocess.Popen(['sleep', '600']); subprocess.Popen(['sleep', '601'], start_new_session=True)",
    )
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    served.url("demo")
    pids = served.processes()
    assert len(pids) >= 5  # gateway, zygote, runner, two of its own
    assert all(map(alive, pids))
    code = served.stop(signum)
    assert code == (0 if signum != signal.SIGKILL else -signal.SIGKILL)
    assert gone(pids)


def test_a_runner_that_dies_is_replaced(project: Write, serve: Serve) -> None:
    app = APP.replace('raise ValueError("secret detail")', "os._exit(9)")
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    answer = served.post("demo", {"prompt": "x"}, "/boom")
    assert (answer.status_code, answer.json()["error_type"]) == (503, "runner_disconnected")
    served.line(r"^demo: the runner ended by itself with exit code 9")
    assert served.post("demo", {"prompt": "x"}).status_code == 200


def test_apps_have_none_of_the_person_s_variables(project: Write, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MY_TOKEN", "FAL_KEY", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "canary-51c7")
    app = APP.replace(
        "import converters_like_name  # noqa: F401\n            return {}",
        "return {'told': [name for name, value in os.environ.items() if 'canary-51c7' in value], 'path': 'PATH' in os.environ}",
    )
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    assert served.post("demo", {"prompt": "x"}, "/environment").json() == {"told": [], "path": True}
