"""`python -m emulator` is `braze-emulator`."""

from emulator.cli import main

raise SystemExit(main())
