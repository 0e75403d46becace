"""What the checker knows of a run while it reads it: one module for each part that acts."""
