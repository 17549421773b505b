"""The graph page: picture, search, scopes that open in place, selection, outline, exports, damaged graphs."""

import shutil

import pytest
from conftest import REPOSITORY, until
from playwright.sync_api import expect

GRAPHS = REPOSITORY / "Tests" / "GraphsTests" / "Fixtures"


@pytest.fixture(scope="module")
def graphs(shared_serve, tmp_path_factory):
    root = tmp_path_factory.mktemp("graphs") / "logs"
    for name in ["cnn_slim", "while_cond"]:
        (root / name).mkdir(parents=True)
        shutil.copy(GRAPHS / f"{name}.meta", root / name / "model.meta")
    shutil.copy(GRAPHS / "linear.pb", root / "cnn_slim" / "zero.pb")
    (root / "cnn_slim" / "torn.pb").write_bytes((GRAPHS / "linear.pb").read_bytes()[:5000])
    return shared_serve(root)


def open_graph(page, server, path):
    page.goto(f"{server.url}/graph/{path}")
    expect(page.locator(".graph-count")).to_contain_text("node")


# How many colours the picture has: one where nothing is drawn.
COLOURS = """(() => {
  const canvas = document.querySelector(".graph-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4 * 7) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return seen.size;
})()"""


@pytest.mark.parametrize("width", [400, 1440, 2560])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_graph_is_drawn_in_every_window_and_theme(graphs, new_page, width, scheme):
    page = new_page(width=width, height=800, color_scheme=scheme)
    open_graph(page, graphs, "cnn_slim")
    until(page, f"{COLOURS} > 10")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_name_is_found_selected_and_opened_by_keyboard(graphs, new_page):
    page = new_page()
    open_graph(page, graphs, "cnn_slim")
    page.keyboard.press("/")
    page.keyboard.type("batchnorm")
    expect(page.locator(".graph-hits li").first).to_contain_text("conv1/BatchNorm")
    page.keyboard.press("Enter")
    expect(page.locator(".graph-side h2")).to_have_text("BatchNorm")
    expect(page.locator(".graph-side .kind")).to_contain_text("27 ops")
    # The field has the focus until the choice is made.
    expect(page.locator(".graph-hits")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator(".graph-side header .button")).to_have_text("Close scope")
    assert "open=conv1/BatchNorm" in page.url
    page.reload()
    expect(page.locator(".graph-side header .button")).to_have_text("Close scope")
    page.go_back()
    expect(page.locator(".graph-side header .button")).to_have_text("Open scope")


def test_the_outline_shows_the_same_and_opens_scopes(graphs, new_page):
    page = new_page()
    open_graph(page, graphs, "while_cond?open=/&view=outline")
    row = page.get_by_role("treeitem", name="while")
    expect(row).to_have_attribute("aria-expanded", "false")
    row.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", name="NextIteration").first).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("treeitem", name="NextIteration")).to_have_count(0)


def test_inputs_lead_to_their_producers(graphs, new_page):
    page = new_page()
    open_graph(page, graphs, "while_cond?node=while/Merge")
    page.locator(".graph-link", has_text="NextIteration").click()
    expect(page.locator(".graph-side h2")).to_have_text("NextIteration")


@pytest.mark.parametrize("width", [400, 1440])
def test_a_double_click_opens_the_scope_that_the_panel_will_cover(sample, new_page, width):
    page = new_page(width=width, height=900)
    with page.expect_response(lambda response: "/graphs/view" in response.url) as answer:
        open_graph(page, sample, "mlp-adam/train?open=/")
    view = answer.value.json()
    page.keyboard.press("f")
    page.wait_for_timeout(600)
    # The panel is at the right, in narrow windows at the bottom.
    side = "x" if width > 700 else "y"
    scope = max((node for node in view["nodes"] if node["kind"] == "scope"), key=lambda node: node[side])
    canvas = page.locator(".graph-canvas").bounding_box()
    scale = min(1.15, (canvas["width"] - 48) / view["width"], (canvas["height"] - 48) / view["height"])
    x = canvas["x"] + canvas["width"] / 2 + (scope["x"] + scope["width"] / 2 - view["width"] / 2) * scale
    y = canvas["y"] + canvas["height"] / 2 + (scope["y"] + scope["height"] / 2 - view["height"] / 2) * scale
    # As slowly as people do it.
    page.mouse.click(x, y)
    page.wait_for_timeout(200)
    page.mouse.click(x, y, click_count=2)
    expect(page.locator(".graph-side h2")).to_have_text(scope["label"])
    expect(page.locator(".graph-side header .button")).to_have_text("Close scope")
    assert f"open={scope['id']}" in page.url


def test_the_picture_is_exported(graphs, new_page):
    page = new_page()
    open_graph(page, graphs, "cnn_slim")
    for text, name in [("SVG", "graph.svg"), ("pbtxt", "graph.pbtxt")]:
        page.locator("[popovertarget=graph-export]").click()
        with page.expect_download() as download:
            page.locator(".graph-menu .menu-item", has_text=text).first.click()
        assert download.value.suggested_filename == name


def test_a_damaged_graph_says_where_and_the_others_are_shown(graphs, new_page):
    page = new_page()
    open_graph(page, graphs, "cnn_slim")
    choice = page.get_by_role("combobox", name="Graph", exact=True)
    names = choice.locator("option").all_inner_texts()
    choice.select_option(label=next(name for name in names if "torn" in name))
    expect(page.get_by_role("alert")).to_contain_text("cnn_slim/torn.pb: the graph is damaged at byte")
    choice.select_option(label=next(name for name in names if "zero" in name))
    expect(page.locator(".graph-count")).to_have_text("71 nodes")
    # The browser itself reports the refused request.
    new_page.problems[:] = [problem for problem in new_page.problems if "422" not in problem]
