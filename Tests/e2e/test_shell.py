"""What every page shares: theme, layout, security, status."""

import pytest
from conftest import FIXTURES, until, wait_for_ink
from eventfile import EventFile
from playwright.sync_api import expect

PAGES = ["curves", "runs", "status", "graph", "checkpoints"]


@pytest.fixture(scope="module")
def training(shared_serve):
    return shared_serve(FIXTURES / "tf1_training")


@pytest.mark.parametrize("width", [400, 1280, 2560])
@pytest.mark.parametrize("route", PAGES)
def test_pages_fit_their_window(training, new_page, route, width):
    page = new_page(width=width, height=800)
    page.goto(f"{training.url}/{route}")
    page.locator("main h1, main h2, main h3, main .toolbar, main canvas").first.wait_for()
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("main").evaluate("main => main.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_choice(training, new_page, scheme):
    page = new_page(color_scheme=scheme)
    page.goto(f"{training.url}/curves")
    page.locator(".chart").first.wait_for()
    background = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 27)"}
    assert page.evaluate(background) == colours[scheme]
    page.keyboard.press("d")
    other = "dark" if scheme == "light" else "light"
    assert page.evaluate(background) == colours[other]
    page.reload()
    page.locator(".chart").first.wait_for()
    assert page.evaluate(background) == colours[other]


def test_the_content_policy_refuses_inline_scripts(training, new_page):
    page = new_page()
    response = page.goto(f"{training.url}/curves")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    page.locator(".chart").first.wait_for()
    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.inlineRan = true";
          document.head.append(script);
          return window.inlineRan === true;
        }"""
    )
    assert not ran
    assert len(new_page.problems) == 1 and "Content Security Policy" in new_page.problems[0]
    new_page.problems.clear()


def test_nothing_is_fetched_from_elsewhere(training, page):
    origins = set()
    page.on("request", lambda request: origins.add("/".join(request.url.split("/")[:3])))
    for route in PAGES:
        page.goto(f"{training.url}/{route}")
        page.wait_for_load_state("load")
    assert origins - {"data:", "blob:"} == {training.url}


def test_the_list_of_runs_is_a_drawer_on_a_phone(training, new_page):
    page = new_page(width=400, height=800)
    page.goto(f"{training.url}/curves")
    page.locator(".chart").first.wait_for()
    expect(page.locator(".rail")).to_be_hidden()
    page.get_by_role("button", name="Show or hide the list of runs").click()
    expect(page.locator(".rail")).to_be_visible()
    page.get_by_role("button", name="Close the list of runs").click(position={"x": 390, "y": 400})
    expect(page.locator(".rail")).to_be_hidden()


def test_the_runs_page_lists_and_sorts(serve, tmp_path, page):
    root = tmp_path / "logs"
    for name, points in (("short", 10), ("long", 100)):
        EventFile(root / name).scalars("loss", [(step, step) for step in range(points)])
    page.goto(f"{serve(root).url}/runs")
    page.get_by_role("button", name="Last step").click()
    cells = page.locator("tbody tr td:first-child")
    expect(cells).to_have_text(["short", "long"])
    page.get_by_role("button", name="Last step").click()
    expect(cells).to_have_text(["long", "short"])
    expect(page.locator("tbody tr").first).to_contain_text("99")


def test_damage_is_counted_in_the_bar_and_listed_with_offset_and_reason(shared_serve, page):
    page.goto(f"{shared_serve(FIXTURES / 'bad_data_crc').url}/curves")
    page.locator(".chart").first.wait_for()
    page.get_by_role("link", name="1 damaged file").click()
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    damage = page.locator(".damage")
    expect(damage).to_have_count(1)
    expect(damage).to_contain_text("events.out.tfevents.1700000100.host")
    expect(damage.locator("tbody tr")).to_have_count(1)
    offset, reason = damage.locator("tbody tr td").all_text_contents()
    assert int(offset.replace(",", "")) > 0
    assert "checksum" in reason.lower()


def test_garbage_hides_nothing_else(shared_serve, page):
    page.goto(f"{shared_serve(FIXTURES / 'empty_and_garbage').url}/curves")
    page.locator(".chart").first.wait_for()
    tag = page.locator(".card").first.get_attribute("data-tag")
    wait_for_ink(page, tag)
    expect(page.locator(".bar .chip.warn")).to_be_visible()


def test_an_unknown_page_says_so(training, page):
    page.goto(f"{training.url}/sessions")
    expect(page.get_by_role("heading", name="No such page")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    page.locator(".panel").get_by_role("link", name="Graph").click()
    until(page, "location.pathname === '/graph'")


def test_everything_works_below_a_path_prefix(serve, tmp_path, page):
    root = tmp_path / "logs"
    EventFile(root / "run").scalars("train/loss", [(step, step) for step in range(20)])
    server = serve(root, "--path-prefix", "/tools/scope", prefix="/tools/scope")
    page.goto(f"{server.url}/curves/train/loss")
    wait_for_ink(page, "train/loss")
    page.get_by_role("link", name="All curves").click()
    until(page, "location.pathname === '/tools/scope/curves'")
    page.get_by_role("link", name="Runs").click()
    until(page, "location.pathname === '/tools/scope/runs'")


def test_copying_a_link_says_so(training, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{training.url}/runs")
    page.get_by_role("heading", name="Runs").first.wait_for()
    expect(page.locator(".notice")).to_be_hidden()
    page.keyboard.press("y")
    expect(page.locator(".notice")).to_have_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(page.locator(".notice")).to_be_hidden()
