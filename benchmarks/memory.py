"""Memory of the server under load and for a large response."""

import json
from typing import Any

from benchmarks import agreement, load, processes, result
from benchmarks.bench import Bench
from benchmarks.plan import Plan
from benchmarks.processes import Application

METHOD = {
    "load": "resident memory of the process after a round of each operation",
    "large": "one request; the most resident memory (VmHWM, reset before) above what there was",
    "selection": "the fields of Q4, and every field of the documents",
}
# Limits too low for a large response.
LIMITS = {
    "FRAISEQL_MAX_LIMIT": "1000000",
    "FRAISEQL_MAX_COMPLEXITY": "1000000000",
    "FRAISEQL_REQUEST_TIMEOUT": "300",
    "FRAISEQL_STATEMENT_TIMEOUT": "300",
}
SELECTIONS = {
    "Q4": "id title views createdAt author { id firstName lastName }"
    " comments { id body createdAt }",
    "every field": "id title body views createdAt"
    " author { id firstName lastName email country bio } comments { id body likes createdAt }",
}


async def run(bench: Bench) -> None:
    """Measure and write the result."""
    port = processes.FIRST_PORT
    words = processes.command("fraiseql_documents", "uvicorn", port)
    environment = {**bench.environment, **LIMITS}
    with processes.serving("memory", words, port, environment, bench.cores.server) as application:
        figures = {
            "start": application.memory(),
            "under_load": _under_load(bench, application),
            "large": {
                name: _large(bench.plan, application, text) for name, text in SELECTIONS.items()
            },
        }
    result.write("memory", bench, METHOD, figures)


def _under_load(bench: Bench, application: Application) -> dict[str, Any]:
    figures = {}
    for operation in bench.operations:
        load.run(operation, application.port, bench.plan.round_seconds, 1, bench.cores.others)
        figures[operation.name] = application.memory()
    return figures


def _large(plan: Plan, application: Application, selection: str) -> dict[str, float]:
    query = f"{{ posts(limit: {plan.large_documents}) {{ {selection} }} }}"
    application.reset_peak()
    before = application.memory()
    size = len(agreement.ask(application.port, json.dumps({"query": query}).encode())) / 1e6
    after = application.memory()
    grown = after["peak_mb"] - before["rss_mb"]
    return {
        "response_mb": round(size, 1),
        "before_mb": before["rss_mb"],
        "peak_mb": after["peak_mb"],
        "after_mb": after["rss_mb"],
        "grown_mb": round(grown, 1),
        "ratio": round(grown / size, 2),
    }
