"""The built program, served on real folders and looked at with a real browser.

`serve(root)` starts `trainscope serve` on a folder and gives its address; `page` is a browser page that fails the test
when anything was written to the console as an error, threw, or broke the content policy.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
# The plain event files, shared with the kill tests.
sys.path.insert(0, str(REPOSITORY / "Tests" / "kill"))
FIXTURES = REPOSITORY / "Tests" / "EventsTests" / "Fixtures" / "events"
CHECKPOINTS = REPOSITORY / "Tests" / "CheckpointsTests" / "Fixtures"
START_SECONDS = 30
# A shared machine can be slow; nothing waits this long when all is well.
TIMEOUT_MS = 20_000


def binary() -> Path:
    path = Path(os.environ.get("TRAINSCOPE_BIN", REPOSITORY / ".build" / "debug" / "trainscope"))
    if not path.exists():
        pytest.exit(f"{path} is missing; build it first (swift build)", returncode=2)
    return path.resolve()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running `trainscope serve`."""

    def __init__(self, root: Path, arguments=(), prefix="", port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}{prefix}"
        self.log = open(root.parent / f"server-{self.port}.log", "w+", encoding="utf-8")
        command = [binary(), "serve", root, "--port", str(self.port), *arguments]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.log.seek(0)
        raise RuntimeError(f"trainscope serve did not answer at {self.url}:\n{self.log.read()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture
def serve():
    """Starts servers that end with the test: `serve(root, *arguments)`."""
    servers = []

    def start(root: Path, *arguments, prefix="", port=None):
        server = Server(root, arguments, prefix, port)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def shared_serve(tmp_path_factory):
    """One server for each folder, shared by all tests that only read: `shared_serve(source)` serves a copy."""
    servers = {}

    def start(source: Path):
        if source not in servers:
            root = tmp_path_factory.mktemp("served") / "logs"
            shutil.copytree(source, root)
            servers[source] = Server(root)
        return servers[source]

    yield start
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="session")
def sample(shared_serve):
    """The sample logs of the repository."""
    return shared_serve(REPOSITORY / "logs-sample")


@pytest.fixture(scope="session")
def browser():
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Opens pages: `new_page(width=…, height=…, color_scheme=…)`. Problems fail the test at its end."""
    contexts = []
    problems = []

    def make(width=1280, height=800, color_scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=color_scheme, accept_downloads=True, **options
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
        page.on("console", lambda message: message.type == "error" and problems.append(f"console: {message.text}"))
        return page

    make.problems = problems
    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(new_page):
    return new_page()


def until(page, expression: str):
    """Waits until a JavaScript expression is true. (Playwright's own waiting needs `eval`, which the pages forbid.)"""
    end = time.monotonic() + TIMEOUT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"still not true: {expression}"
        page.wait_for_timeout(30)


def ink(page, selector: str) -> int:
    """Pixels of clear colour on a canvas: lines, not the grey of axes."""
    return page.locator(selector).first.evaluate(
        """canvas => {
          if (canvas.width === 0 || canvas.height === 0) return 0;
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
            if (data[i + 3] > 100 && spread > 30) count += 1;
          }
          return count;
        }"""
    )


def wait_for_ink(page, tag: str, least: int = 50):
    """Waits until the chart of a tag shows lines."""
    selector = f'.card[data-tag="{tag}"] .chart-data'
    page.locator(selector).first.wait_for()
    end = time.monotonic() + TIMEOUT_MS / 1000
    while ink(page, selector) < least:
        assert time.monotonic() < end, f"the chart of {tag} stays empty"
        page.wait_for_timeout(50)


def table_of(page, tag: str) -> dict:
    """The hidden table of a chart: run → cells."""
    chart = page.locator(f'.card[data-tag="{tag}"] .chart')
    chart.evaluate("element => element.blur()")
    chart.focus()
    rows = page.locator(f'.card[data-tag="{tag}"] .chart table tbody tr')
    return {row[0]: row[1:] for row in rows.evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.textContent))")}
