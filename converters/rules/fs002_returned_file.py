"""FS002: a returned path of a file that the handler wrote."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="FS002",
    title="a returned local path -> an uploaded file",
    safety="safe",
    explanation="""
    A path on the worker means nothing to a caller. Where the handler writes a file and returns its path, the file is uploaded to
    fal's CDN and the same key of the result holds an `Image`, `Video`, `Audio` or `File` object with its URL. This is the one
    conversion by which a value on the wire changes.
    Check callers that expect a string under that key; a base64 string or a URL is kept as it is.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "a written image is uploaded under the same key",
            "converted",
            {
                "handler.py": """
                import runpod
                import painter

                def handler(job):
                    picture = painter.paint(job["input"]["prompt"])
                    picture.save("/tmp/out.png")
                    return {"image_path": "/tmp/out.png"}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "painter==1.0",
            },
            seen=(Seen("converted", 7),),
            has={"app.py": ("image_path: Image", "Image")},
        ),
        Case(
            "a path that nothing was written to stays a string",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "logo": "/assets/logo.png"}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ("logo: str",)},
        ),
        Case(
            "a base64 string stays a string",
            "untouched",
            {
                "handler.py": """
                import base64
                import runpod

                def handler(job):
                    with open("/tmp/out.png", "wb") as file:
                        file.write(job["input"]["prompt"].encode())
                    with open("/tmp/out.png", "rb") as file:
                        return {"image": base64.b64encode(file.read()).decode("utf-8")}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("Image",)},
        ),
        Case(
            "a URL stays a URL",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "image": "https://example.com/out.png"}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("Image",)},
        ),
        Case(
            "a picture of an answer is said to be one",
            "converted",
            {
                "handler.py": """
                import runpod
                from PIL import Image


                def handler(job):
                    Image.new("RGB", (8, 8)).save("/tmp/out.png")
                    return {"image": "/tmp/out.png"}


                runpod.serverless.start({"handler": handler})
                """,
            },
            seen=(Seen("converted", 7),),
        ),
        Case(
            "a picture is answered under fal's name where that is asked for",
            "converted",
            {
                "handler.py": """
                import runpod
                from PIL import Image


                def handler(job):
                    Image.new("RGB", (8, 8)).save("/tmp/out.png")
                    return {"image_path": "/tmp/out.png"}


                runpod.serverless.start({"handler": handler})
                """,
            },
            seen=(
                Seen("converted", 7),
                Seen("kept", 7, says="kept code keeps the names of its results"),
            ),
            idiomatic=True,
        ),
        Case(
            "a picture of a native app gets fal's name where that is asked for",
            "converted",
            {
                "handler.py": """
                import runpod
                import painter

                def handler(job):
                    picture = painter.paint(job["input"]["prompt"])
                    picture.save("/tmp/out.png")
                    return {"image_path": "/tmp/out.png"}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "painter==1.0",
            },
            seen=(Seen("converted", 7, says="`image_path` is answered as `image`"),),
            has={"app.py": ("    image: Image\n",)},
            idiomatic=True,
        ),
    ),
)
