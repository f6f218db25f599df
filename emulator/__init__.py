"""A local emulator of the Braze REST API and of the partners Braze talks to."""
