"""Traces: one span for each request and one for what stands behind, given to an OpenTelemetry collector."""
