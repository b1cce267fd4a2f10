"""`python -m services.cli`: the `refinery` command where no script is installed."""

from services.cli.root import main

main()
