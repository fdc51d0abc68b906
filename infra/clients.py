"""Generate the typed clients of mobile developers from docs/openapi.json, and look at them.

    .cloud/clients/bin/python -m infra.clients

Kotlin (Android: Retrofit, coroutines, kotlinx.serialization) and Swift 6 are generated into
`.cloud/clients/made`. Neither has a compiler that Python's package index provides, so what is
checked is what the generators say, and that every type of the description has become a type of its
own name. TypeScript's is generated and compiled with the candidate's app in `examples/candidate`.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/openapi.json"
MADE = ROOT / ".cloud/clients/made"
# What docs/openapi.json recommends to those who generate: a new value of an enumeration must not
# break a client that is out there.
OPTIONS = {
    "kotlin": {
        "library": "jvm-retrofit2",
        "serializationLibrary": "kotlinx_serialization",
        "generateOneOfAnyOfWrappers": "true",
        "useCoroutines": "true",
        "enumUnknownDefaultCase": "true",
        "packageName": "testamur",
    },
    "swift6": {"enumUnknownDefaultCase": "true", "projectName": "Testamur"},
}
SUFFIXES = {"kotlin": ".kt", "swift6": ".swift"}
WARNING = re.compile(r"\b(WARN|ERROR)\b.*? - (.*)")
# About the generator itself; nothing of the description is meant.
EXPECTED = ("OpenAPI 3.1 support is still in beta", "Failed to get the schema name: null")
MADE_UP = re.compile(r"^(Inline|Model[A-Z])|(Inner|AllOf|OneOf|AnyOf|Value\d*|\d{3}Response\d*)$")


def generate(language: str) -> list[str]:
    """Generate a client, and say what is wrong with it."""
    made = MADE / language
    shutil.rmtree(made, ignore_errors=True)
    options = ",".join(f"{name}={value}" for name, value in OPTIONS[language].items())
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("openapi-generator-cli"), "generate"),
            *("--input-spec", DOCUMENT, "--generator-name", language),
            *("--output", made, "--additional-properties", options),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return [done.stderr or done.stdout]
    said = {found[2] for found in WARNING.finditer(done.stdout + done.stderr)}
    complaints = [each for each in sorted(said) if not each.startswith(EXPECTED)]
    return complaints + differences(made, SUFFIXES[language])


def differences(made: Path, suffix: str) -> list[str]:
    """Compare the types generated with those described."""
    schemas = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    # A form's fields are the arguments of its call.
    described = {name for name in schemas if not name.endswith("Form")}
    found = {path.stem for path in made.rglob(f"*{suffix}") if path.parent.name.lower() == "models"}
    missing = [f"no type {name}" for name in sorted(described - found)]
    made_up = [f"a made-up type {name}" for name in sorted(found) if MADE_UP.search(name)]
    return missing + made_up


def main() -> None:
    """Generate all clients."""
    problems = {language: generate(language) for language in OPTIONS}
    if any(problems.values()):
        lines = [f"{language}: {each}" for language in problems for each in problems[language]]
        sys.exit("\n".join(lines))
    print(f"{', '.join(OPTIONS)}: generated from {DOCUMENT.relative_to(ROOT)} without complaints")


if __name__ == "__main__":
    main()
