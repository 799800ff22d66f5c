"""OpenTelemetry: spans and metrics through its API package."""
