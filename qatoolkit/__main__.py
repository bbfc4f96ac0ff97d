"""`python -m qatoolkit` is `qatk`."""

from qatoolkit.cli.app import main

main()
