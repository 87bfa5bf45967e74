"""Python that is put into sources: literals that must survive, statements, blocks around statements, tokens."""

TAG = "planted"
LITERALS = (
    f'"""{TAG} trailing   \n\n\n\n   blanks\t\n  """',
    f"'''{TAG} x\n\x0c\ny  \n'''",
    f"'{TAG} \u2028 \u2029 \x85 end'",
    f'"""{TAG} \\\n joined \\" \'\'\' """',
    f"'{TAG} {{{{ x }}}} {{% y %}} \\x00 \\ud800'",
    f'f"""{TAG} {{unknown}}  \n\n {{"a"}} \n"""',
    f'rb"""{TAG} \\  \n\n\n\t\n"""',
    f"'{TAG} #noqa' '{TAG} second'",
    f'"""{TAG}\n#!comment   \n\n\n\n\ndef x():\n    pass   \n"""',
)  # fmt: skip
"""Source texts of strings that must arrive as they are or not at all."""
SNIPPETS = (
    "import runpod", "import runpod as rp, os", "from runpod import *", "from runpod.serverless import start",
    "import runpod.serverless.utils", "import torch",
    "from cog import BasePredictor, Input, Path", "import replicate", "import fal", "from __future__ import annotations",
    "import os, sys; import json",
    "global model", "nonlocal x", "pass", "...", "del model", "return", "return {}", "yield", "yield {'a': 1}", "await x",
    "raise ValueError('x')", "assert True, 'x'",
    "break", "continue", "x: int", "x: int = 3", "x = y = {}", "(a, b), *c = [(1, 2), 3]", "a[0]: int = 1", "x += 1",
    "if (n := 10) > 5: pass", "@property\ndef p(self): return 1",
    "class handler: pass", "def handler(job): return job", "async def handler(job):\n    yield 1", "handler = lambda job: job['input']",
    "lambda: (yield)",
    "with open('f') as f, open('g') as g: pass", "for i in (): ...\nelse: ...", "while 0: x\nelse: y",
    "try: x\nexcept (A, B) as e: y\nelse: z\nfinally: w", "try: x\nexcept* A: y",
    "match x:\n    case {'a': 1, **rest}: pass\n    case [1, *_]: pass\n    case _: pass", "runpod.serverless.start({'handler': handler})",
    "runpod.serverless.start({'handler': handler, 'concurrency_modifier': lambda n: 3, 'return_aggregate_stream': True})",
    "runpod.serverless.progress_update(job, 'x')",
    "if __name__ == '__main__':\n    import runpod\n    x = 1\n    runpod.serverless.start({'handler': handler})",
    "if __name__ == '__main__': runpod.serverless.start({'handler': handler})",
    "os.environ['X'] = '1'", "os.environ.get('HF_TOKEN')", "x = os.getenv('A', default=None)", "open('/runpod-volume/x').read()",
    "print('/runpod-volume', \\\n  1)", "sys.path.append('.')",
    "value = job['input'].get('prompt', 'a')", "value = job['input']['a\"\"\"b']", "value = job.get('input', {}).pop('x', None)",
    "job_input = job['input']; y = job_input", "return {'error': 'x'}",
    "return {'image': 'x', 'refresh_worker': True}", "# comment \x0c", "\x0c", "x = 1;", "x = 1; y = 2;", "type X = int",
    "print(f'{x!r:>{10}}')", "print(f\"{'a' if x else 'b'}\")", "def f[T](x: T) -> T: return x",
    "try:\n    import runpod\nexcept ImportError:\n    runpod = None",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import runpod", "print(*[1], **{})", "x = (yield)",
    "x = [i async for i in y]",
    "endpoint = runpod.Endpoint('abc')", "run = endpoint.run_sync({'input': {}})", "out = replicate.run('a/b:c', input={'x': 1})",
    "requests.post('https://api.runpod.ai/v2/x/runsync', json={'input': {}})",
    "from . import handler", "from .utils import *", "import handler as h", "exec('x = 1')", "globals()['x'] = 1", "setattr(x, 'y', 1)",
    "__all__ = ['x']", "if True:\n\timport os", "pipe = load().to('cuda')",
)  # fmt: skip
WRAPPERS = (
    "if TYPE_CHECKING:\n{}", "if __name__ == '__main__':\n{}", "try:\n{}\nexcept ImportError:\n    pass",
    "try:\n    pass\nexcept Exception as error:\n{}", "try:\n    pass\nfinally:\n{}",
    "with open('f') as stream:\n{}", "for index in range(2):\n{}", "while True:\n{}\n    break", "if x:\n    pass\nelse:\n{}",
    "if x:\n    pass\nelif y:\n{}", "class Holder:\n{}",
    "def wrapped(job):\n{}", "async def wrapped(job, *, a=1):\n{}", "match x:\n    case 1:\n{2}",
    "try:\n    pass\nexcept ValueError:\n    pass\nelse:\n{}", "with suppress(Exception):\n{}",
    "if 1:\n  if 2:\n{}",
)  # fmt: skip
TOKENS = (
    "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "==", ":=", "->", "*", "**", "@", "\\", "\n", "    ", "\t", "#", "'", '"',
    '"""', "lambda", "await", "async", "yield", "def", "class",
    "return", "import", "from", "as", "global", "if", "else", "for", "in", "not", "is", "None", "0", "1e9", "0b1", "1_000", "f''", "b''",
    "u''", "...", "self", "job", "input", "runpod", "handler",
)  # fmt: skip
