"""The commands, one file each: its flags, its help, its call. The table of them is in `command_line`.

Start-up is what a user waits for: a command's module imports what it runs and draws inside its call.
"""
