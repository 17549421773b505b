"""New data reaches an open page by itself."""

import time

from conftest import TIMEOUT_MS, table_of, wait_for_ink
from eventfile import EventFile
from playwright.sync_api import expect


def wait_for_points(page, tag, run, count):
    end = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        rows = table_of(page, tag)
        if run in rows and rows[run][0] == count:
            return
        assert time.monotonic() < end, f"{tag} of {run} has {rows.get(run)}, not {count} points"
        page.wait_for_timeout(50)


def test_points_written_to_an_open_file_appear(serve, tmp_path, page):
    root = tmp_path / "logs"
    file = EventFile(root / "run")
    file.scalars("loss", [(step, 1.0 / (step + 1)) for step in range(50)])
    page.goto(serve(root).url)
    wait_for_ink(page, "loss")
    wait_for_points(page, "loss", "run", "50")
    page.evaluate("window.stillTheSamePage = true")
    file.scalars("loss", [(step, 1.0 / (step + 1)) for step in range(50, 80)])
    wait_for_points(page, "loss", "run", "80")
    assert page.evaluate("window.stillTheSamePage")


def test_a_new_run_and_a_new_tag_appear(serve, tmp_path, page):
    root = tmp_path / "logs"
    first = EventFile(root / "first")
    first.scalars("loss", [(step, step) for step in range(10)])
    page.goto(serve(root).url)
    wait_for_ink(page, "loss")
    EventFile(root / "second").scalars("loss", [(step, 2 * step) for step in range(10)])
    expect(page.get_by_role("treeitem", name="second")).to_be_visible()
    wait_for_points(page, "loss", "second", "10")
    first.scalars("accuracy", [(step, step / 10) for step in range(10)])
    wait_for_ink(page, "accuracy")


def test_a_row_moves_below_its_folder_when_a_run_joins_it(serve, tmp_path, page):
    root = tmp_path / "logs"
    EventFile(root / "mlp" / "train").scalars("loss", [(step, step) for step in range(10)])
    page.goto(serve(root).url)
    alone = page.get_by_role("treeitem", name="mlp/train")
    expect(alone).to_have_attribute("aria-level", "1")
    EventFile(root / "mlp" / "test").scalars("loss", [(step, step) for step in range(10)])
    rows = page.get_by_role("treeitem")
    expect(rows).to_have_count(3)
    assert [rows.nth(i).get_attribute("aria-level") for i in range(3)] == ["1", "2", "2"]
    padding = "row => getComputedStyle(row).paddingLeft"
    assert rows.nth(1).evaluate(padding) == rows.nth(2).evaluate(padding) != rows.nth(0).evaluate(padding)


def test_two_tabs_share_one_stream(serve, tmp_path, new_page):
    root = tmp_path / "logs"
    file = EventFile(root / "run")
    file.scalars("loss", [(step, step) for step in range(10)])
    server = serve(root)
    first = new_page()
    first.goto(server.url)
    wait_for_ink(first, "loss")
    second = first.context.new_page()
    streams = []
    second.on("request", lambda request: request.url.endswith("/events") and streams.append(request.url))
    second.goto(server.url)
    wait_for_ink(second, "loss")
    file.scalars("loss", [(step, step) for step in range(10, 20)])
    wait_for_points(second, "loss", "run", "20")
    wait_for_points(first, "loss", "run", "20")
    assert streams == []


def allow_failed_requests(problems):
    """The browser itself writes failed requests to the console; nothing else may be there."""
    assert all("Failed to load resource" in problem for problem in problems), problems
    problems.clear()


def test_a_server_that_goes_away_is_said_and_found_again(serve, tmp_path, new_page):
    root = tmp_path / "logs"
    file = EventFile(root / "run")
    file.scalars("loss", [(step, step) for step in range(10)])
    server = serve(root)
    page = new_page()
    page.goto(server.url)
    wait_for_ink(page, "loss")
    chip = page.locator(".bar .chip").last
    expect(chip).to_have_text("live")
    server.stop()
    expect(chip).to_have_text("reconnecting")
    # What was drawn stays, and what was written meanwhile comes when the server is back.
    wait_for_ink(page, "loss")
    file.scalars("loss", [(step, step) for step in range(10, 30)])
    serve(root, port=server.port)
    expect(chip).to_have_text("live")
    wait_for_points(page, "loss", "run", "30")
    allow_failed_requests(new_page.problems)


def test_without_the_stream_the_page_asks(serve, tmp_path, new_page):
    root = tmp_path / "logs"
    file = EventFile(root / "run")
    file.scalars("loss", [(step, step) for step in range(10)])
    page = new_page()
    page.route("**/api/v1/events", lambda route: route.abort())
    page.goto(serve(root).url)
    wait_for_ink(page, "loss")
    expect(page.locator(".bar .chip").last).to_have_text("live (polling)")
    file.scalars("loss", [(step, step) for step in range(10, 30)])
    wait_for_points(page, "loss", "run", "30")
    allow_failed_requests(new_page.problems)


def test_an_error_stands_in_its_chart_and_can_be_tried_again(serve, tmp_path, new_page):
    root = tmp_path / "logs"
    EventFile(root / "run").scalars("loss", [(step, step) for step in range(10)])
    page = new_page()
    problem = '{"title": "Unavailable", "status": 503, "detail": "The disk of the catalogue is full."}'
    page.route(
        "**/api/v1/series",
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem),
    )
    page.goto(serve(root).url)
    expect(page.locator(".card-state")).to_contain_text("The disk of the catalogue is full.")
    page.unroute("**/api/v1/series")
    page.get_by_role("button", name="Retry").click()
    wait_for_ink(page, "loss")
    allow_failed_requests(new_page.problems)
