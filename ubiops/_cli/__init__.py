"""The command ``python -m ubiops``: version, config, check, run, emulator."""
