"""The `sidelong` command, also as `python -m sidelong`.

In a folder that is not yours say `python -I -m sidelong`: without `-I` Python itself looks there
for modules before it comes to this one.
"""

import sys

from sidelong.isolation import leave_workspace


def main() -> int:
    """Run the command on an import path without the workspace; the exit status."""
    leave_workspace()
    from sidelong import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
