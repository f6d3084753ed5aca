#!/usr/bin/env python
"""Django's command line; `lakehouse` runs the same commands."""

from lakehouse_project.cli import main

if __name__ == "__main__":
    main()
