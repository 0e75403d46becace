"""What happened: events with their stamps, reading and writing them as a trace, figures, and exports."""
