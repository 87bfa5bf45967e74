"""PF006: a script that is started and is not there."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

PACKAGE = """
FROM python:3.11-slim
WORKDIR /srv
COPY app app
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
"""

ELSEWHERE = IMAGE.replace('"/handler.py"]', '"/main.py"]')
"""The image of a worker that starts /main.py (line 5)."""
SCRIPTED = IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
    '"python", "-u", "/handler.py"', '"bash", "/start.sh"'
)


def _made(line: str) -> dict[str, str]:
    """A worker whose image starts /main.py, with a line before the command that may bring it."""
    return {"handler.py": WORKER, "Dockerfile": ELSEWHERE.replace("CMD", f"{line}\nCMD")}


UNPACKS = """
FROM python:3.11-slim
WORKDIR /app
RUN apt-get install -y unzip && unzip /tmp/a.zip
COPY notes.txt .
EXPOSE 8000
CMD ["python", "serve.py"]
"""

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/')\ndef index():\n    return 'x'\n"
FLASK_RUN = """
FROM python:3.11-slim
RUN pip install flask==3.1.2
COPY . .
EXPOSE 5000
ENTRYPOINT ["flask"]
CMD ["run", "--host=0.0.0.0"]
"""

rule = Rule(
    code="PF006",
    title="a script that is started and is not there",
    safety="manual",
    expected="every script, module and list that the build or the start names is in the image under that name",
    explanation="""
    Scripts and lists of requirements that RUN lines name, and scripts and modules that a start command names, also through a script of its
    own, are looked up among the files of the image. What the build clones, downloads, unpacks, writes or copies from elsewhere may hold
    them, so nothing is said then. Where a worker's image starts a file that nobody has and another file calls
    `runpod.serverless.start`, that one is converted, and this item says so.
    Add the file, or correct the command; a file that is named on the command line is taken as it is.
    """,
    links=(
        docker_docs("reference/dockerfile/#entrypoint"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a start script that nobody has is named",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("CMD", 'ENTRYPOINT ["/app/entry.sh"]\nCMD')},
            seen=(Seen("manual", 6, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a start script that the image holds is in order",
            "untouched",
            {
                "main.py": SERVER,
                "entry.sh": '#!/bin/sh\nexec "$@"',
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py", "COPY main.py entry.sh")
                .replace("/app/main.py", "/app/")
                .replace("CMD", 'ENTRYPOINT ["/app/entry.sh"]\nCMD'),
            },
        ),
        Case(
            "a script that the build downloads is in order",
            "untouched",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("COPY", "RUN curl -o install.sh https://example.com/install.sh && sh install.sh\nCOPY"),
            },
        ),
        Case("a module that the command names and its package lacks is named", "partial",
             {"app/api.py": SERVER, "Dockerfile": PACKAGE}, seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a module that lies in the image under another name is named", "partial",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE.replace("COPY app app", "COPY app .")},
             seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a module that nothing puts into the image is named", "partial",
             {"app/main.py": SERVER, "notes.txt": "", "Dockerfile": PACKAGE.replace("COPY app app", "COPY notes.txt .")},
             seen=(Seen("manual", 4, "Dockerfile", says="copy"),), status="partial"),
        Case("a list of requirements that nobody has is named", "partial",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE.replace("CMD", "RUN pip install -r app/requirements.txt\nCMD")},
             seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a script that no package of the system brings is named", "partial",
             {"notes.txt": "", "Dockerfile": UNPACKS.replace("unzip && unzip /tmp/a.zip", "unzip")}, status="partial"),
        Case("a script that a step unpacks is in order", "untouched",
             {"notes.txt": "", "Dockerfile": UNPACKS}),
        Case("a script that an image of somebody else's may hold is in order", "untouched",
             {"notes.txt": "", "Dockerfile": "FROM acme/ui:1\nWORKDIR /app/ui\nEXPOSE 8000\nENTRYPOINT [\"python\", \"server.py\"]\n"}),
        Case("a module that the command names and the image holds is in order", "untouched",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE}),
        Case("an application that flask run does not find is asked for", "partial",
             {"main.py": FLASK, "Dockerfile": FLASK_RUN}, seen=(Seen("manual", 5, "Dockerfile", says="FLASK_APP"),), status="partial"),
        Case("an application that flask run finds by its file is in order", "untouched", {"app.py": FLASK, "Dockerfile": FLASK_RUN}),
        Case("an application that FLASK_APP names is in order", "untouched",
             {"main.py": FLASK, "Dockerfile": FLASK_RUN.replace("EXPOSE", "ENV FLASK_APP=main\nEXPOSE")}),
        Case("a module of an installed package is in order", "untouched",
             {"notes.txt": "",
              "Dockerfile": PACKAGE.replace("app.main", "served.main").replace("COPY app app", "RUN pip install served\nCOPY . .")}),
        Case("a module that the build installs from the project is in order", "untouched",
             {"src/app/main.py": SERVER, "pyproject.toml": "",
              "Dockerfile": PACKAGE.replace("COPY app app", "COPY . .\nRUN pip install .")}),
        Case("a list of requirements that the build writes is in order", "untouched",
             {"app/main.py": SERVER,
              "Dockerfile": PACKAGE.replace("CMD", "RUN echo numpy > app/extra.txt && pip install -r app/extra.txt\nCMD")}),
        Case("a worker that its image does not start is told", "partial", {"handler.py": WORKER, "Dockerfile": ELSEWHERE},
             seen=(Seen("manual", 5, "Dockerfile", says="is converted in its place: add main.py"),), status="partial"),
        Case("a worker that a script of its image does not start is told where the script stands", "partial",
             {"handler.py": WORKER, "start.sh": "export A=1\npython -u /main.py\n", "Dockerfile": SCRIPTED},
             seen=(Seen("manual", 2, "start.sh"),), status="partial"),
        Case("a start file that no line copies is told with where it is", "partial",
             {"handler.py": WORKER, "src/main.py": "import handler\n", "Dockerfile": ELSEWHERE},
             seen=(Seen("manual", 5, "Dockerfile"),), status="partial"),
        Case("a worker that is copied to the name that is started is in order", "untouched",
             {"handler.py": WORKER, "Dockerfile": ELSEWHERE.replace("COPY handler.py /handler.py", "COPY handler.py /main.py")}),
        Case("a start file that the build renames is in order", "untouched", _made("RUN mv /handler.py /main.py")),
        Case("a start file that the build writes is in order", "untouched", _made("RUN echo 'import handler' > /main.py")),
        Case("a start file that the build downloads is in order", "untouched", _made("ADD https://example.com/main.py /main.py")),
        Case("a start file of a repository that the build clones is in order", "untouched",
             _made("RUN git clone https://example.com/worker.git /worker\nRUN cp -r /worker/. /")),
        Case("a start file of another image is in order", "untouched", _made("COPY --from=acme/worker:1 / /")),
        Case("the start script of RunPod's own images is in order", "untouched",
             {"handler.py": WORKER,
              "Dockerfile": SCRIPTED.replace(" start.sh", "").replace("python:3.11-slim", "runpod/base:0.6.2-cuda12.1.0")}),
        Case("a start file that a variable names is in order", "untouched",
             {"handler.py": WORKER, "Dockerfile": ELSEWHERE.replace('["python", "-u", "/main.py"]', "python -u $MAIN")}),
        Case("a start file that a script looks for before it starts it is in order", "untouched",
             {"handler.py": WORKER, "start.sh": "if [ -f /main.py ]; then python /main.py; fi\npython -u /handler.py\n",
              "Dockerfile": SCRIPTED}),
        Case("a server whose start script runs what nobody has is told", "partial",
             {"main.py": SERVER, "entry.sh": "#!/bin/sh\npython /app/migrate.py\nexec \"$@\"\n",
              "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY main.py entry.sh /app/")
              .replace("CMD", 'ENTRYPOINT ["sh", "/app/entry.sh"]\nCMD')},
             seen=(Seen("manual", 2, "entry.sh"),), status="partial"),
        Case("a module of a command that moves first is in order", "untouched",
             {"code/app/main.py": SERVER,
              "Dockerfile": PACKAGE.partition("COPY")[0] + "COPY . .\nCMD cd code && uvicorn app.main:app --host 0.0.0.0 --port 8000"}),
        Case(
            "a module that compose starts in a package of the image without it is named",
            "partial",
            {
                "api/main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY api /app/api").replace("main:app", "api.main:app"),
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    command: uvicorn api.other:app --host 0.0.0.0 --port 8000
                """,
            },
            seen=(Seen("manual", 6, "Dockerfile", says="the image starts `api.other`, and api/ has no such module"),),
        ),
        Case(
            "another worker that the image holds and does not start is named with the one that is taken",
            "partial",
            {
                "handler.py": WORKER,
                "other.py": WORKER,
                "Dockerfile": PIP.replace("COPY handler.py /handler.py", "COPY handler.py other.py /").replace("/handler.py", "/main.py"),
            },
            seen=(Seen("manual", 4, "Dockerfile", says="is converted in its place (other.py would start one, too): add main.py"),),
            status="partial",
        ),
    ),
)  # fmt: skip
