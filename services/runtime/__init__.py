"""What every process needs to run: settings, logs, time, lifecycle, retries."""
