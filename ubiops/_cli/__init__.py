"""The command ``python -m ubiops``: version, config, check, emulator."""
