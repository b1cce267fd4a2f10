"""What readers see: views that are pure functions of the log, and where they are kept."""
