"""CL013: files that go to Replicate and come back."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs
from converters.rules.samples import APPS

IMAGE = {
    "up/pyproject.toml": '[tool.fal.apps.up-fal]\nref = "app.py::Up"\n',
    "up/app.py": "class Output(BaseModel):\n    image: Image\n",
}
"""What is read of a converted app whose answer is a picture."""
IMAGES = {**IMAGE, "up/app.py": "class Output(BaseModel):\n    images: list[Image]\n"}

rule = Rule(
    code="CL013",
    title='open(...) -> upload_file(...), output.url -> output["url"]',
    safety="safe",
    expected="the program reads the answer as the app gives it: a text, or a file under a key of its own",
    explanation="""
    Replicate's client uploads an open file of the input by itself; fal's does it with `upload_file`, whose address takes its place.
    A file of the result is an object with a `url`: `output.url` becomes `output["url"]`, and `output.read()` fetches that address.
    A converted app answers a file under a key of its own (`image`, `images` ...), which is read from the app's folder:
    `--map MODEL=owner/app:FOLDER`. Without it, a call whose result is used as a file is left to a person.
    Check functions that a result is handed to.
    """,
    links=(
        "https://replicate.com/docs/get-started/python",
        fal_docs("documentation/model-apis/fal-cdn"),
    ),
    cases=(
        Case(
            "an open file is uploaded and the result is fetched",
            "converted",
            {
                "client.py": """
                import replicate

                output = replicate.run("acme/up", input={"image": open("in.png", "rb")})
                with open("out.png", "wb") as file:
                    file.write(output.read())
                print(output.url)
                """,
                **IMAGE,
            },
            has={
                "client.py": (
                    'arguments={"image": fal_client.upload_file("in.png")})["image"]',
                    'file.write(urlopen(output["url"]).read())',
                    'print(output["url"])',
                    "from urllib.request import urlopen",
                )
            },
            apps={"acme/up": "acme/up-fal:up"},
        ),
        Case(
            "the items of a result are files, too",
            "converted",
            {
                "client.py": """
                import replicate

                for number, item in enumerate(replicate.run("acme/up", input={"n": 2})):
                    print(number, item.url, str(item))
                """,
                **IMAGES,
            },
            has={"client.py": ('arguments={"n": 2})["images"]', 'print(number, item["url"], str(item["url"]))')},
            apps={"acme/up": "acme/up-fal:up"},
        ),
        Case(
            "files of an app that nobody has read are left to a person",
            "untouched",
            {
                "client.py": """
                import replicate

                print(replicate.run("acme/up", input={"n": 2}).url)
                """
            },
            has={"client.py": ('replicate.run("acme/up", input={"n": 2}).url',)},
            apps={"acme/up": "acme/up-fal"},
            status="partial",
        ),
        Case(
            "text that is put together is no file",
            "untouched",
            {
                "client.py": """
                import replicate

                print("".join(replicate.run("acme/up", input={"n": 2})))
                """
            },
            has={"client.py": ('fal_client.subscribe("acme/up-fal", arguments={"n": 2})["output"]',)},
            apps={"acme/up": "acme/up-fal"},
            status="converted",
        ),
        Case(
            "a file that is read for itself stays",
            "untouched",
            {
                "client.py": """
                import replicate

                prompt = open("prompt.txt").read()
                print(replicate.run("acme/up", input={"prompt": prompt}))
                """
            },
            has={"client.py": ('open("prompt.txt").read()',)},
            apps={"acme/up": "acme/up-fal"},
        ),
        Case(
            "a program that calls neither platform is none of ours",
            "untouched",
            {
                "client.py": """
                import requests

                print(requests.post("https://example.com/run", json={"input": 1}).json()["output"])
                """
            },
            status="unsupported",
            apps=APPS,
        ),
    ),
)
