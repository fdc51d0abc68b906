"""Forget what the local cloud keeps: `make reset`."""

import sys

from cli.cloud import CloudError, reset

if __name__ == "__main__":
    try:
        reset()
    except CloudError as error:
        sys.exit(str(error))
    print("The local cloud has forgotten everything.")
