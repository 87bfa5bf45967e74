"""A network volume that several workers of one project name."""

from __future__ import annotations

from pathlib import Path

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted

START = "\n\n\ndef handler(job):\n    return {'file': PATH}\n\n\nrunpod.serverless.start({'handler': handler})\n"


def converted(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """The texts of the output, by path."""
    folder = folder / "p"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    outcome = convert(folder, Options())
    assert isinstance(outcome, Converted), outcome
    return {change.path: change.data.decode() for change in outcome.files if change.data is not None}


def test_workers_that_share_a_module_share_the_folder_that_it_names(tmp_path: Path) -> None:
    texts = converted(
        tmp_path,
        {
            "paths.py": 'PATH = "/runpod-volume/models"\n',
            "alpha.py": f"import runpod\nfrom paths import PATH{START}",
            "beta.py": f'import runpod\nfrom paths import PATH\nOWN = "/runpod-volume/beta"{START}',
        },
    )
    assert texts["paths.py"] == 'PATH = "/data/p-alpha/models"\n'
    assert 'OWN = "/data/p-alpha/beta"' in texts["beta.py"]
    assert "`/data/p-beta`" not in texts["MIGRATION.md"]


def test_workers_that_share_nothing_keep_a_folder_each(tmp_path: Path) -> None:
    texts = converted(
        tmp_path,
        {
            "alpha.py": f'import runpod\nPATH = "/runpod-volume/a"{START}',
            "beta.py": f'import runpod\nPATH = "/runpod-volume/a"{START}',
        },
    )
    assert 'PATH = "/data/p-alpha/a"' in texts["alpha.py"]
    assert 'PATH = "/data/p-beta/a"' in texts["beta.py"]
