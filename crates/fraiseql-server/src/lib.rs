//! HTTP server: answers from the runtime, or hands requests over to Python.
