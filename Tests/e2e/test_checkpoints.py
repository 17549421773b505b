"""The Checkpoints page."""

import pytest
from conftest import CHECKPOINTS, until
from playwright.sync_api import expect


@pytest.fixture
def folder(shared_serve):
    """Opens the page of one golden folder: `folder(page, "dtypes")`, then below it: `folder(page, "dtypes", "dt.ckpt")`."""

    def start(page, name, checkpoint=None, query=""):
        url = shared_serve(CHECKPOINTS / name).url + "/checkpoints"
        if checkpoint is not None:
            url += f"/{checkpoint}"
        page.goto(url + query)

    return start


def current_cell(page):
    return page.locator(".grid-cell.current:not(.waiting)")


def test_checkpoints_are_listed_newest_step_first_and_lead_to_their_variables(folder, page):
    folder(page, "v1_v2")
    expect(page.locator(".ckpt-link")).to_have_text(["my-model-300", "my-model-200", "renamed.ckpt"])
    page.get_by_role("link", name="my-model-300").click()
    expect(page.locator(".var-row .var-label")).to_have_text(["v1", "v2"])
    page.get_by_role("row", name="v2").click()
    expect(current_cell(page)).to_have_text("−3")
    until(page, "location.search === '?tensor=v2'")
    page.keyboard.press(",")
    expect(page.get_by_role("heading", level=1)).to_have_text("my-model-200")
    expect(page.locator(".var-row.selected .var-label")).to_have_text("v2")


def test_problems_stand_beside_what_can_be_read(folder, new_page):
    page = new_page()
    folder(page, "damaged")
    expect(page.locator(".ckpt-link")).to_have_count(11)
    expect(page.locator("tr", has_text="flip_index")).to_contain_text("checksum of the block")
    page.get_by_role("link", name="flip_data").click()
    expect(page.locator(".var-row")).to_have_count(3)
    page.get_by_role("row", name="a float32").click()
    expect(page.locator(".tensor .ckpt-problem")).to_contain_text("checksum")
    page.get_by_role("row", name="b float32").click()
    expect(current_cell(page)).to_have_text("−0.2176")
    # The browser itself reports the answer with status 422.
    new_page.problems[:] = [text for text in new_page.problems if "422" not in text]


def test_values_that_are_no_number_are_seen(folder, page):
    folder(page, "dtypes", "dt.ckpt", "?tensor=t/f32")
    expect(page.locator(".tensor-facts .bad")).to_contain_text(["NaN", "∞"])
    expect(page.locator(".grid-cell.special")).to_have_text(["+∞", "NaN"])
    expect(page.locator(".heat-special").first).to_have_text("NaN")


def test_a_drag_zooms_into_the_heat_map_and_the_address_keeps_it(folder, page):
    folder(page, "linear_784x200", "model.ckpt", "?tensor=weights")
    expect(current_cell(page)).to_be_visible()
    canvas = page.locator(".heat-stage canvas")
    until(page, "document.querySelector('.heat-stage canvas').width > 50")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    until(page, "location.search.includes('zoom=')")
    expect(page.locator(".heat-tools").first).to_contain_text("rows")
    page.reload()
    expect(page.locator(".heat-tools").first).to_contain_text("columns")
    page.keyboard.press("r")
    until(page, "!location.search.includes('zoom=')")


def test_the_table_reaches_its_last_value_by_keyboard(folder, page):
    folder(page, "linear_784x200", "model.ckpt", "?tensor=weights")
    expect(current_cell(page)).to_be_visible()
    page.locator(".value-grid").focus()
    page.keyboard.press("Control+End")
    expect(page.locator(".grid-read")).to_have_text("[783, 199] = 0.368665")
    page.get_by_placeholder("go to row, column").fill("700, 150")
    page.keyboard.press("Enter")
    expect(page.locator(".grid-read")).to_have_text("[700, 150] = 0.1348803")


def test_7400_variables_keep_the_document_small(folder, page):
    folder(page, "many_keys", "many")
    expect(page.locator(".var-row")).to_have_count(4)
    page.get_by_role("button", name="Open all").click()
    until(page, "document.querySelectorAll('.var-row').length > 10")
    assert page.evaluate("document.querySelectorAll('*').length") < 1500
    page.get_by_placeholder("Filter variables").fill("/variance_7$/")
    expect(page.locator(".ckpt-filter")).to_contain_text("of 7,400")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator(".tensor-head")).to_contain_text("variance_7")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_one_pane_at_a_time(folder, new_page, scheme):
    page = new_page(width=400, height=860, color_scheme=scheme)
    folder(page, "mlp_adam", "model.ckpt-40")
    page.locator(".var-row.leaf").first.click()
    expect(page.locator(".tensor-head")).to_be_visible()
    expect(page.locator(".ckpt-variables")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.get_by_role("button", name="Close the tensor").click()
    expect(page.locator(".ckpt-variables")).to_be_visible()
