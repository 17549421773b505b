"""The Curves page."""

import math
import shutil

import pytest
from conftest import CHECKPOINTS, FIXTURES, table_of, until, wait_for_ink
from eventfile import EventFile
from playwright.sync_api import expect


@pytest.fixture
def two_runs(tmp_path):
    root = tmp_path / "logs"
    for name, scale in (("alpha", 1.0), ("beta", 2.0)):
        file = EventFile(root / name)
        file.scalars("train/loss", [(step, scale * math.exp(-step / 30)) for step in range(100)])
        file.scalars("train/accuracy", [(step, 1 - scale * math.exp(-step / 30) / 2) for step in range(100)])
        file.scalars("rate", [(step, 0.1 * scale) for step in range(100)])
    return root


def test_curves_show_every_tag_with_its_lines(serve, two_runs, page):
    page.goto(serve(two_runs).url)
    for tag in ("train/loss", "train/accuracy", "rate"):
        wait_for_ink(page, tag)
    assert page.locator(".group-button").all_text_contents() == ["Ungrouped1", "train2"]
    rows = table_of(page, "train/loss")
    assert set(rows) == {"alpha", "beta"}
    assert rows["beta"][:2] == ["100", "2"]
    assert page.url.endswith("/curves")


def test_a_run_switched_off_leaves_the_charts_and_the_address_says_so(serve, two_runs, page):
    page.goto(serve(two_runs).url)
    wait_for_ink(page, "train/loss")
    page.get_by_role("treeitem", name="alpha").click()
    expect(page.get_by_role("treeitem", name="alpha")).to_have_attribute("aria-checked", "false")
    until(page, "location.search.includes('hide=alpha') || location.search.includes('show=beta')")
    until(page, """document.querySelector('.card[data-tag="train/loss"] .chart').dataset.drawn === '1'""")
    assert set(table_of(page, "train/loss")) == {"beta"}
    page.reload()
    wait_for_ink(page, "train/loss")
    assert set(table_of(page, "train/loss")) == {"beta"}


def test_a_deep_link_restores_the_whole_view(serve, two_runs, page):
    server = serve(two_runs)
    page.goto(f"{server.url}/curves/train/loss?runs=beta&x=relative&ylog=1&sm=0.9&z=10..40")
    wait_for_ink(page, "train/loss")
    expect(page.get_by_role("heading", name="train/loss")).to_be_visible()
    expect(page.get_by_role("button", name="Relative")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Weight of the smoothing")).to_have_value("0.9")
    expect(page.get_by_label("Filter runs")).to_have_value("beta")
    assert set(table_of(page, "train/loss")) == {"beta"}
    points = page.locator(".run-table tbody tr td:nth-child(7)")
    expect(points).to_have_text("31")


def test_dragging_zooms_all_charts_and_back_leads_out_again(serve, two_runs, page):
    page.goto(serve(two_runs).url)
    wait_for_ink(page, "train/loss")
    box = page.locator('.card[data-tag="train/loss"] .chart').bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 70, steps=4)
    page.mouse.up()
    until(page, "new URLSearchParams(location.search).has('z')")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.keyboard.press("r")
    until(page, "!new URLSearchParams(location.search).has('z')")
    page.go_back()
    until(page, "new URLSearchParams(location.search).has('z')")


def test_the_tooltip_gives_exact_values(serve, two_runs, page):
    page.goto(f"{serve(two_runs).url}/curves?sm=0")
    wait_for_ink(page, "rate")
    box = page.locator('.card[data-tag="rate"] .chart').bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    tooltip = page.locator(".tooltip")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text("alpha")
    expect(tooltip).to_contain_text("0.1")
    expect(tooltip.locator("th").nth(4)).to_have_text("time")


def test_keys_reach_everything(serve, two_runs, page):
    page.goto(serve(two_runs).url)
    wait_for_ink(page, "train/loss")
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("0")
    expect(page.get_by_label("Weight of the smoothing")).to_have_value("0")
    page.keyboard.press("/")
    expect(page.get_by_label("Filter runs")).to_be_focused()
    page.keyboard.type("beta")
    expect(page.get_by_role("treeitem")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help")).to_contain_text("Logarithmic y axis")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    until(page, "document.activeElement.classList.contains('chart')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tooltip")).to_be_visible()
    page.keyboard.press("Enter")
    until(page, "location.pathname.endsWith('/curves/rate')")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(page, "location.pathname.endsWith('/curves')")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Runs").last).to_be_visible()


def test_the_list_of_runs_works_with_keys(serve, two_runs, page):
    page.goto(serve(two_runs).url)
    wait_for_ink(page, "train/loss")
    alpha, beta = (page.get_by_role("treeitem", name=name) for name in ("alpha", "beta"))
    alpha.focus()
    page.keyboard.press("ArrowDown")
    expect(beta).to_be_focused()
    page.keyboard.press("Space")
    expect(beta).to_have_attribute("aria-checked", "false")
    page.keyboard.press("s")
    expect(alpha).to_have_attribute("aria-checked", "false")
    expect(beta).to_have_attribute("aria-checked", "true")
    page.keyboard.press("s")
    expect(alpha).to_have_attribute("aria-checked", "true")
    page.keyboard.press("[")
    expect(alpha).to_be_hidden()


def test_a_tag_filter_that_matches_nothing_says_so(serve, two_runs, page):
    page.goto(f"{serve(two_runs).url}/curves?tags=nonsense")
    expect(page.get_by_role("heading", name="No tag matches")).to_be_visible()
    page.get_by_role("button", name="Show all tags").click()
    wait_for_ink(page, "train/loss")


def test_an_empty_folder_says_what_to_do(serve, tmp_path, page):
    root = tmp_path / "logs"
    root.mkdir()
    page.goto(serve(root).url)
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    expect(page.locator(".snippet").first).to_contain_text("EventFileWriter")


def test_hostile_names_are_only_text(serve, tmp_path, page):
    root = tmp_path / "logs"
    tags = ["<img src=x onerror=alert(1)>", "a/<script>alert(1)</script>", "../../etc/passwd", "{{1}}", "javascript:alert(1)"]
    file = EventFile(root / "<b>bold")
    for tag in tags:
        file.scalars(tag, [(step, step) for step in range(20)])
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(serve(root).url)
    page.locator(".slot").first.wait_for()
    assert sorted(page.locator(".slot").evaluate_all("slots => slots.map(s => s.dataset.tag)")) == sorted(tags)
    assert page.locator("main img, main script, .rail b").count() == 0
    expect(page.get_by_role("treeitem", name="<b>bold")).to_be_visible()
    # A path cannot hold "..": the name goes into the query and still leads to the chart.
    page.locator('.card[data-tag="../../etc/passwd"] h3 a').click()
    expect(page.get_by_role("heading", name="../../etc/passwd")).to_be_visible()
    assert "tag=" in page.url
    page.reload()
    wait_for_ink(page, "../../etc/passwd")


def test_values_that_are_no_numbers_are_marked(shared_serve, page):
    page.goto(f"{shared_serve(FIXTURES / 'tf1_nonfinite').url}/curves")
    expect(page.locator(".badge.danger").first).to_be_visible()


def test_a_restart_shows_both_branches(shared_serve, page):
    page.goto(f"{shared_serve(FIXTURES / 'restart_no_marker').url}/curves")
    page.get_by_role("button", name="newest branch").wait_for()
    tag = page.locator(".card").first.get_attribute("data-tag")
    both = table_of(page, tag)
    assert any("superseded" in run for run in both)
    page.get_by_role("button", name="newest branch").click()
    until(page, "document.querySelector('.chart').dataset.drawn === '1'")
    assert not any("superseded" in run for run in table_of(page, tag))


def test_one_spike_in_many_points_is_drawn(serve, tmp_path, page):
    root = tmp_path / "logs"
    EventFile(root / "run").scalars("loss", [(step, 9.0 if step == 23_456 else 1.0) for step in range(60_000)])
    page.goto(f"{serve(root).url}/curves?sm=0")
    wait_for_ink(page, "loss")
    assert table_of(page, "loss")["run"][4] == "9"
    expect(page.locator(".badge").first).to_contain_text("points per pixel")
    # A thin line stands where the step is, and reaches the height of the value.
    column = page.locator('.card[data-tag="loss"] .chart-data').evaluate(
        """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, Math.round(height * 0.4));
          const found = [];
          for (let i = 0; i < data.length; i += 4) {
            const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
            if (data[i + 3] > 60 && spread > 30) found.push((i / 4) % width);
          }
          return found.length > 20 ? found.reduce((a, b) => a + b) / found.length / width : null;
        }"""
    )
    assert column is not None and abs(column - 23_456 / 60_000) < 0.06


def test_many_tags_make_few_elements(shared_serve, page):
    page.goto(f"{shared_serve(FIXTURES / 'many_tags').url}/curves")
    page.locator(".chart").first.wait_for()
    assert page.locator(".slot").count() == 400
    assert page.locator(".chart").count() < 60
    page.locator(".slot").last.scroll_into_view_if_needed()
    page.locator(".slot").last.locator(".chart").wait_for()


SAVED = [
    ("CSV", b"run,step,wall_time,value\r\nalpha,0,"),
    ("JSON", b'[{"run":"alpha","tag":"rate","points":[{"step":0,'),
    ("SVG", b"<svg "),
    ("PNG", b"\x89PNG\r\n\x1a\n"),
]


@pytest.mark.parametrize("kind,expected", SAVED)
def test_a_chart_can_be_saved(serve, two_runs, page, kind, expected):
    page.goto(f"{serve(two_runs).url}/curves/rate")
    wait_for_ink(page, "rate")
    page.get_by_role("button", name="Save as…").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    with open(download.value.path(), "rb") as file:
        assert file.read(len(expected)) == expected


def test_pins_groups_and_columns_are_in_the_address(serve, two_runs, page):
    page.goto(f"{serve(two_runs).url}/curves?pin=rate&shut=train&cols=1")
    wait_for_ink(page, "rate")
    assert page.locator(".group-button").all_text_contents() == ["Pinned1", "Ungrouped1", "train2"]
    expect(page.locator('.slot[data-tag="train/loss"]')).to_have_count(0)
    expect(page.get_by_label("Columns")).to_have_value("1")
    page.get_by_role("button", name="train").click()
    wait_for_ink(page, "train/loss")
    until(page, "!location.search.includes('shut')")
    boxes = [page.locator(f'.slot[data-tag="train/{name}"]').bounding_box() for name in ("accuracy", "loss")]
    assert boxes[0]["x"] == boxes[1]["x"]
    page.locator(".card").first.hover()
    page.locator(".card").first.get_by_role("button", name="Pin to the top").click()
    until(page, "!location.search.includes('pin')")
    expect(page.locator(".group-button").first).to_have_text("Ungrouped1")


def test_the_sample_shows_its_runs(sample, page):
    page.goto(sample.url)
    page.locator(".chart").first.wait_for()
    assert page.locator('.run-row[role="treeitem"]:not(.group)').count() >= 6
    until(page, "document.querySelectorAll('.chart[data-drawn]:not([data-drawn=\"0\"])').length >= 3")


def test_a_run_leads_to_its_checkpoint(serve, tmp_path, page):
    root = tmp_path / "logs"
    run = root / "mlp"
    shutil.copytree(CHECKPOINTS / "mlp_adam", run)
    EventFile(run).scalars("loss", [(step, 1 / (step + 1)) for step in range(41)])
    page.goto(f"{serve(root).url}/curves/loss")
    wait_for_ink(page, "loss")
    page.get_by_role("link", name="step 40").click()
    until(page, "location.pathname.startsWith('/checkpoints/')")
