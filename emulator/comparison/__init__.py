"""Many runs in virtual time, and what can be said of strategies by them: `emulator compare`."""
