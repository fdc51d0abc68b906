"""Lint the packaged template, as it is and as SAM translates it.

.cloud/lint/bin/python -m infra.lint_template     (requirements-lint.txt)
"""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# It pins another pydantic than what ships, so it lives in the environment of the linter.
from samtranslator.translator.transform import transform  # type: ignore[import-not-found]

PACKAGE = Path(__file__).resolve().parent.parent / ".cloud" / "package"
REGION = "eu-west-2"


class NoManagedPolicies:
    """Stands for IAM's list of managed policies; the template names none by name."""

    def load(self) -> dict[str, str]:
        """Return none."""
        return {}


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """Translate a SAM template as CloudFormation does, code in some bucket."""
    packaged = copy.deepcopy(template)
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artefacts", "Key": "deployment.zip"}
    os.environ["AWS_DEFAULT_REGION"] = REGION
    translated: dict[str, Any] = transform(packaged, {}, NoManagedPolicies())
    return translated


def main() -> None:
    """Lint both and say what is wrong."""
    sam = PACKAGE / "sam.json"
    translated = PACKAGE / "cloudformation.json"
    translated.write_text(json.dumps(translate(json.loads(sam.read_text())), indent=1) + "\n")
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, "--regions", REGION, "--", sam, translated], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
