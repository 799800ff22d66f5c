"""Chromium, driven by a script of this folder, and its network log."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def drive(script: str, address: str, folder: Path) -> dict[str, Any]:
    """Run a script with an address; what it printed."""
    node = shutil.which("node")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert browser is not None, "chromium is missing: `apt-get install chromium`"
    assert (HERE / "node_modules" / "playwright-core").is_dir(), "run `make setup-test`"
    command = [node, script, address, browser, str(folder)]
    done = subprocess.run(
        command, check=False, cwd=HERE, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def network(file: Path) -> dict[str, Any]:
    """Read a network log."""
    return json.loads(file.read_text())


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def origins_asked_by_the_page(log: dict[str, Any], address: str) -> set[str]:
    """Where requests that the page itself began were sent, by Chromium's network log."""
    begun = (event.get("params", {}) for event in events(log, "URL_REQUEST_START_JOB"))
    return {origin(params["url"]) for params in begun if params.get("initiator") == address}


def addresses_connected(log: dict[str, Any]) -> set[str]:
    """Every address that Chromium, page or not, opened a TCP connection to or sent packets to."""
    tcp = {event["params"]["address"] for event in events(log, "TCP_CONNECT_ATTEMPT", "address")}
    sent = {event["source"]["id"] for event in events(log, "UDP_BYTES_SENT")}
    udp = {
        event["params"]["address"]
        for event in events(log, "UDP_CONNECT", "address")
        if event["source"]["id"] in sent
    }
    return tcp | udp


def events(log: dict[str, Any], name: str, parameter: str | None = None) -> list[dict[str, Any]]:
    kind = log["constants"]["logEventTypes"][name]
    matching = [event for event in log["events"] if event["type"] == kind]
    return [
        event for event in matching if parameter is None or parameter in event.get("params", {})
    ]
