"""``fraiseql dashboard``: a Grafana dashboard and Prometheus rules for the metrics."""

from argparse import Namespace
from typing import Any

from fraiseql.cli.output import say_data, say_json
from fraiseql.cli.registry import add_command
from fraiseql.operating.metrics.alerts import alert_rules
from fraiseql.operating.metrics.dashboard import dashboard


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "dashboard")
    parser.add_argument(
        "--alerts", action="store_true", help="print rules for Prometheus (YAML) instead"
    )
    parser.add_argument("--json", action="store_true", help="print JSON; a dashboard always is")
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    if not arguments.alerts:
        say_json(dashboard())
    elif arguments.json:
        say_json({"version": 1, "rules": alert_rules()})
    else:
        say_data(alert_rules())
    return 0
