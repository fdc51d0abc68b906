"""Check that the package runs alone: nothing but what is in the ZIP is on the path.

    python -m infra.check_package

The local cloud cannot show this: its workers see the libraries of ministack as well.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from infra.package import PackagingError, package

# They would slow every cold start of the API; what renders imports them where it needs them.
RENDERERS = ("PIL", "pi_heif", "fontTools", "fpdf")
# -I -S: no user's site, no site-packages, no environment. Then every module, so that a library
# that is imported late is missed as well.
PROBE = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
for handler in json.loads(sys.argv[2]):
    module, name = handler.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name)), handler
early = sorted({name.partition(".")[0] for name in sys.modules} & set(json.loads(sys.argv[3])))
import chalicelib
for found in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(found.name)
for renderer in json.loads(sys.argv[3]):
    importlib.import_module(renderer)
print(json.dumps(early))
"""


def check(out: Path) -> list[str]:
    """Say what is wrong with a package: nothing, if all is well."""
    template = json.loads((out / "sam.json").read_text())
    handlers = sorted(
        resource["Properties"]["Handler"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    )
    with tempfile.TemporaryDirectory() as alone, zipfile.ZipFile(out / "deployment.zip") as archive:
        archive.extractall(alone)
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                PROBE,
                alone,
                *map(json.dumps, (handlers, RENDERERS)),
            ],
            env={},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        return [f"the package does not import alone:\n{done.stderr}"]
    return [f"importing the handlers imports {name}" for name in json.loads(done.stdout)]


def main() -> None:
    """Check the package and say so."""
    try:
        problems = check(package())
    except PackagingError as error:
        sys.exit(f"cannot package: {error}")
    if problems:
        sys.exit("\n".join(problems))
    print("The package imports alone, and no renderer with it.")


if __name__ == "__main__":
    main()
