"""Preparation: from a request to the plan that serves it, cached by document and variables."""
