"""RC016: files that are deleted before anybody reads them."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR


def _found(*lines: str, kind: str = "Path") -> dict[str, str]:
    """A predictor that looks for its results in a temporary folder."""
    body = "\n".join(f"            {line}" for line in lines)
    head = "import os\nimport tempfile\nfrom cog import BasePredictor, Path\n\n\nclass Predictor(BasePredictor):\n"
    method = f"    def predict(self, prompt: str) -> {kind}:\n        with tempfile.TemporaryDirectory() as folder:\n{body}\n"
    return {"cog.yaml": COG, "predict.py": head + method}


rule = Rule(
    code="RC016",
    title="A file that vanishes with its temporary folder is named",
    safety="manual",
    expected="a file that is returned is there when it is read",
    explanation="""
    A predictor that returns a path from inside `with TemporaryDirectory()` returns a file that the end of the block deletes. Cog answers
    null for it, without an error. The code is left as it is, and the place is named: make the folder with `tempfile.mkdtemp()`, so that
    the file can be uploaded.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "a file in a temporary folder is left to the person",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import tempfile
                from cog import BasePredictor, Path


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Path:
                        with tempfile.TemporaryDirectory() as folder:
                            out = Path(folder) / "out.txt"
                            out.write_text(prompt)
                            return out
                """,
            },
            seen=(Seen("manual", 10, "predict.py", says="make the folder with tempfile.mkdtemp"),),
        ),
        Case(
            "a file that is looked for in a temporary folder",
            "partial",
            _found("for root, _, names in os.walk(folder):", "    for name in names:", "        return Path(os.path.join(root, name))"),
            seen=(Seen("manual", 11, "predict.py"),),
        ),
        Case(
            "a list of the files of a temporary folder",
            "partial",
            _found("return [Path(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]", kind="list[Path]"),
            seen=(Seen("manual", 9, "predict.py"),),
        ),
        Case(
            "files of a temporary folder that are collected",
            "partial",
            _found(
                "found = []", "for name in Path(folder).glob('*.txt'):", "    found.append(Path(name))", "return found", kind="list[Path]"
            ),
            seen=(Seen("manual", 12, "predict.py"),),
        ),
        Case(
            "what is read from a file of a temporary folder stays",
            "untouched",
            _found("for name in os.listdir(folder):", "    return open(os.path.join(folder, name)).read()", kind="str"),
        ),
        Case("a predictor that answers text has no file to lose", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
