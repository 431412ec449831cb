"""The record of requests: a queue, a thread, a file."""
