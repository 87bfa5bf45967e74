"""Where rules, styles and reports meet: what once came out wrong, as the smallest project that shows it."""

from __future__ import annotations

import ast
from pathlib import Path

from converters.rules import Case
from converters.rules.samples import IMAGE, WORKER
from tests.rules.projects import Made, run


def converted(folder: Path, files: dict[str, str]) -> Made:
    return run(folder, Case("a project where rules meet", "converted", files))


def test_a_helper_that_is_imported_by_name_is_still_there(tmp_path: Path) -> None:
    made = converted(
        tmp_path,
        {
            "handler.py": """
            import runpod
            from runpod.serverless.utils.rp_upload import upload_image

            def handler(job):
                return {"url": upload_image("x", job["input"]["path"])}

            runpod.serverless.start({"handler": handler})
            """
        },
    )
    assert any("import upload_image" in text for path, text in made.texts.items() if path.endswith(".py"))


def test_refresh_worker_reaches_every_style(tmp_path: Path) -> None:
    text = WORKER.replace('"handler": handler', '"handler": handler, "refresh_worker": True')
    assert "x-fal-stop-runner" in converted(tmp_path, {"handler.py": text}).texts["app.py"]


def test_refresh_worker_false_retires_nothing(tmp_path: Path) -> None:
    text = WORKER.replace('"handler": handler', '"handler": handler, "refresh_worker": False')
    assert all("every answer carries" not in item.message for item in converted(tmp_path, {"handler.py": text}).items)


def test_an_image_of_pillow_does_not_hide_the_image_of_fal(tmp_path: Path) -> None:
    made = converted(
        tmp_path,
        {
            "handler.py": """
            import runpod
            from PIL import Image

            def handler(job):
                picture = Image.new("RGB", (8, 8))
                picture.save("/tmp/out.png")
                return {"image": "/tmp/out.png"}

            runpod.serverless.start({"handler": handler})
            """,
            "requirements.txt": "pillow==10.4.0",
        },
    )
    for function in ast.walk(ast.parse(made.texts["app.py"])):
        if isinstance(function, ast.FunctionDef) and function.name not in ("setup", "upload"):
            source = ast.unparse(function)
            assert not ("from PIL import Image" in source and "Image.from_path" in source)


def test_a_start_script_runs_in_every_style(tmp_path: Path) -> None:
    dockerfile = IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /\nCOPY start.sh /").replace(
        '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
    )
    files = {"handler.py": WORKER, "start.sh": "ollama serve &\npython -u /handler.py", "Dockerfile": dockerfile}
    assert "start.sh" in converted(tmp_path, files).texts["app.py"]


def test_an_entrypoint_script_that_runs_its_arguments_is_not_lost(tmp_path: Path) -> None:
    dockerfile = IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
        "CMD", 'ENTRYPOINT ["bash", "/start.sh"]\nCMD'
    )
    files = {"handler.py": WORKER, "start.sh": 'ollama serve &\nexec "$@"', "Dockerfile": dockerfile}
    assert "RP016" in {item.rule for item in converted(tmp_path, files).items}


def test_a_secret_does_not_stay_in_a_kept_dockerfile(tmp_path: Path) -> None:
    made = converted(tmp_path, {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN pip", "ENV HF_TOKEN=hf_abc\nRUN pip")})
    assert "hf_abc" not in made.texts["Dockerfile"]


def test_a_variable_of_the_hub_on_the_volume_moves(tmp_path: Path) -> None:
    hub = '{"config": {"env": [{"key": "MODELS", "value": "/runpod-volume/models"}]}}'
    assert "/runpod-volume" not in converted(tmp_path, {"handler.py": WORKER, ".runpod/hub.json": hub}).texts["app.py"]


def test_the_report_and_the_dockerfile_agree_on_the_handler(tmp_path: Path) -> None:
    made = converted(tmp_path, {"handler.py": WORKER, "Dockerfile": IMAGE})
    copied = [item for item in made.items if item.name.startswith("COPY handler.py")]
    assert ("COPY handler.py" in made.texts["Dockerfile"]) == (copied[0].disposition.value == "kept")


def test_an_added_copy_line_names_a_clean_path(tmp_path: Path) -> None:
    worker = WORKER.replace("import runpod\n", "import helper\nimport runpod\n")
    made = converted(tmp_path, {"handler.py": worker, "helper.py": "def up(text):\n    return text", "Dockerfile": IMAGE})
    assert '"//' not in made.texts["Dockerfile"]


def test_a_main_function_that_the_import_calls_leaves_nothing_to_do(tmp_path: Path) -> None:
    made = converted(
        tmp_path,
        {
            "handler.py": """
            import runpod

            def handler(job):
                return {"text": job["input"]["prompt"]}

            def main(name):
                print(name)
                runpod.serverless.start({"handler": handler})

            main("worker")
            """
        },
    )
    assert [item for item in made.items if item.rule == "RP004"] == []
