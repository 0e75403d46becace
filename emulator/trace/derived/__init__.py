"""Events that a trace lacks, derived from its messages: what a program need not record to have it shown."""
