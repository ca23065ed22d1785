"""The page that `eckart report` writes, in a browser: drawn, pressed, measured; and kept to what it promises."""

import json
import shlex
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from browser import Browser, find_chromium
from safetensors import safe_open

DATA = Path(__file__).parents[2] / "examples" / "data"
DIGITS = DATA / "digits" / "images.npy"
SOTU = DATA / "sotu" / "counts.mtx.gz"
EVIL = "</li><script>window.hacked=1</script>\"'&<img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        pytest.skip("no browser: the page was not looked at. Install Chromium, or set ECKART_CHROMIUM to one")
    with Browser(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def pages(eckart_bin, tmp_path_factory):
    """The pages that the tests look at, by name: pictures, words, a profile, names that are markup."""
    folder = tmp_path_factory.mktemp("pages")
    rows = [[f"row {i}", *((i * 7 + j * j) % 11 - 2 for j in range(300))] for i in range(320)]
    table = "\n".join(",".join(map(str, row)) for row in [["name", *(400 + 5 * j for j in range(300))], *rows])
    (folder / "spectra.csv").write_text(table + "\n", encoding="utf-8")
    quoted = EVIL.replace('"', '""')
    evil = [["name", *(f'"{quoted}{j}"' for j in range(30))], *([f'"{quoted} row {i}"', *((i + j) % 5 for j in range(30))] for i in range(12))]
    (folder / "evil.csv").write_text("\n".join(",".join(map(str, row)) for row in evil) + "\n", encoding="utf-8")
    nmf = ["--model", "nmf", "-q", "--report"]
    commands = {
        "digits": [DIGITS, *nmf, "digits.html", "--rank", 16, "--n-init", 6, "--image", "8x8"],
        "sotu": [SOTU, "--col-names", DATA / "sotu" / "vocab.txt", *nmf, "sotu.html", "--rank", 10],
        "spectra": ["spectra.csv", "--header", "--model", "mf", "-q", "--report", "spectra.html", "--rank", 3],
        "evil": ["evil.csv", *nmf, "evil.html", "--rank", 3],
    }
    for words in commands.values():
        command = [str(eckart_bin), "fit", *map(str, words)]
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return {name: folder / f"{name}.html" for name in commands}


NAMES = ["digits", "sotu", "spectra", "evil"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_small_and_asks_for_nothing(browser, pages, name):
    assert pages[name].stat().st_size < 1_000_000
    page = browser.open(pages[name])
    assert page.complaints() == []
    asked = [address for address in page.requests() if not address.startswith("data:image/png;base64,")]
    assert asked == [pages[name].as_uri()]
    assert page.ask("window.hacked") is None
    # The page forbids itself what it does not need: this request never leaves it.
    assert page.ask("fetch('https://example.org').then(() => 'sent', () => 'refused')") == "refused"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_without_scripts(browser, pages, name):
    page = browser.open(pages[name], scripts=False)
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    drawn = page.ask("""[...document.querySelectorAll('svg.lines path.series')].map((p) => p.getBoundingClientRect())
        .filter((box) => box.width > 50 && box.height > 20).length""")
    assert drawn >= 2
    assert page.ask("document.querySelectorAll('button').length") == 0
    assert page.ask("document.querySelectorAll('#rows tbody tr').length") >= 12
    assert page.ask("document.querySelectorAll('#residuals tbody tr').length") == 20
    broken = page.ask("[...document.images].filter((i) => !i.complete || i.naturalWidth < 2).length")
    assert broken == 0
    hidden = page.ask("[...document.querySelectorAll('section')].filter((s) => s.getBoundingClientRect().height < 40).map((s) => s.id)")
    assert hidden == []


def test_names_from_the_data_are_text(browser, pages):
    page = browser.open(pages["evil"])
    assert page.ask("document.scripts.length") == 1
    assert page.ask("document.querySelectorAll('img[src=\"x\"]').length") == 0
    assert EVIL in page.ask("document.querySelector('#components').textContent")
    assert page.ask(f"document.querySelector('#rows tbody th').textContent === {json.dumps(EVIL)} + ' row 0'")


@pytest.mark.parametrize(("name", "pictures", "words"), [("digits", 16, 0), ("sotu", 0, 240)])
def test_components_are_shown_as_people_read_them(browser, pages, name, pictures, words):
    page = browser.open(pages[name])
    assert page.ask("document.querySelectorAll('#components .card > img.tile').length") == pictures
    assert page.ask("document.querySelectorAll('#components .words li').length") == words
    shares = page.ask("[...document.querySelectorAll('#components .share')].map((s) => parseFloat(s.textContent))")
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 100) < 1
    if words:
        sizes = page.ask("[...document.querySelectorAll('.words li')].slice(0, 24).map((w) => parseFloat(getComputedStyle(w).fontSize))")
        assert sizes == sorted(sizes, reverse=True) and sizes[0] > 1.5 * sizes[-1] and sizes[-1] >= 12


def test_pictures_are_those_of_the_data(browser, pages):
    """The first tile of a reconstruction is the row of the data that its caption names."""
    import base64

    import numpy as np

    page = browser.open(pages["digits"])
    caption = page.ask("document.querySelector('.triple figcaption .name').textContent")
    address = page.ask("document.querySelector('.triple img').src")
    file = base64.b64decode(address.split(",")[1])
    length = struct.unpack(">I", file[33:37])[0]
    lines = zlib.decompress(file[41 : 41 + length])
    shown = np.frombuffer(lines, np.uint8).reshape(8, 9)[:, 1:].astype(float)
    row = np.load(DIGITS).reshape(-1, 8, 8)[int(caption.removeprefix("row ").replace(",", "")) - 1].astype(float)
    scale = shown.sum() / row.sum()
    np.testing.assert_allclose(shown, row * scale, atol=1.0)


def column(page, table, index):
    return page.ask(
        f"[...document.querySelector('{table}').tBodies[0].rows].map((r) => parseFloat(r.cells[{index}].textContent.replaceAll(',', '')))"
    )


def test_tables_sort(browser, pages):
    page = browser.open(pages["digits"])
    table = "#rows table"
    before = column(page, table, 3)
    page.click(f"{table} th:nth-child(4) button")
    assert column(page, table, 3) == sorted(before, reverse=True)
    assert page.ask(f"document.querySelector('{table} th:nth-child(4)').getAttribute('aria-sort')") == "descending"
    page.click(f"{table} th:nth-child(4) button")
    assert column(page, table, 3) == sorted(before)
    page.click(f"{table} th:nth-child(1) button")
    assert column(page, table, 3) == before
    starts = "#search table"
    page.click(f"{starts} th:nth-child(2) button")
    page.click(f"{starts} th:nth-child(2) button")
    assert column(page, starts, 1) == sorted(column(page, starts, 1))
    # Others may have the same cost in the digits that are shown.
    best = page.ask(f"parseFloat(document.querySelector('{starts} tr.best').cells[1].textContent.replaceAll(',', ''))")
    assert best == column(page, starts, 1)[0]


def test_rows_are_filtered(browser, pages):
    page = browser.open(pages["sotu"])
    page.ask("document.querySelector('.filter input').focus()")
    page.call("Input.insertText", text="treaty")
    shown = page.ask("[...document.querySelectorAll('#rows tbody tr')].filter((r) => !r.hidden).map((r) => r.textContent)")
    assert 0 < len(shown) < 100 and all("treaty" in text for text in shown)
    assert page.ask("document.querySelector('.filter span').textContent").startswith(f"{len(shown)} of ")


def test_charts_are_read_out(browser, pages):
    page = browser.open(pages["digits"])
    page.ask("document.querySelector('#search').scrollIntoView({behavior: 'instant'})")
    box = page.ask("(() => { const b = document.querySelector('svg.lines').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()")
    page.move(box[0] + 0.6 * box[2], box[1] + 0.8 * box[3])
    said = page.ask("document.querySelector('figcaption .readout').textContent")
    assert said.startswith("start ") and " s · cost " in said
    assert page.ask("document.querySelectorAll('svg.lines .spot').length") == 1
    page.move(5, 5)
    assert page.ask("document.querySelector('figcaption .readout').textContent") == ""
    # The same by keys: the best start from its first iteration on.
    page.ask("document.querySelector('svg.lines').focus()")
    said = []
    for _ in range(2):
        page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight")
        said.append(page.ask("document.querySelector('figcaption .readout').textContent"))
    costs = [float(text.split("cost ")[1].replace(",", "")) for text in said]
    assert costs[0] > costs[1] > 0


def test_a_spectrum_is_read_out(browser, pages):
    page = browser.open(pages["spectra"])
    assert page.ask("document.querySelectorAll('#components svg.bars path.series').length") == 3
    page.ask("document.querySelector('svg.bars').scrollIntoView({block: 'center', behavior: 'instant'})")
    box = page.ask("(() => { const b = document.querySelector('svg.bars').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()")
    page.move(box[0] + 0.5 * box[2], box[1] + 0.5 * box[3])
    name, value = page.ask("document.querySelector('.profile .readout').textContent").split(": ")
    assert 400 < float(name) < 1895 and abs(float(value)) < 1000


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_screen_is_enough(browser, pages, name):
    page = browser.open(pages[name], width=380, height=800)
    assert page.ask("document.documentElement.scrollWidth") <= 380
    assert page.ask("[...document.querySelectorAll('section, .card, figure')].filter((e) => e.getBoundingClientRect().right > 381).length") == 0
    assert page.ask("Math.min(...[...document.querySelectorAll('svg.chart text')].map((t) => t.getBoundingClientRect().height))") > 8


# The least contrast of the texts that are seen with what is behind them (WCAG 2.2, 1.4.3), and where it is.
CONTRAST = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((x) => x / 255);
  };
  const over = (top, below) => below.map((b, k) => (k < 3 ? top[3] * top[k] + (1 - top[3]) * b : 1));
  const light = ([r, g, b]) => {
    const linear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const behind = (element) => {
    if (!element) return [1, 1, 1, 1];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  let least = [Infinity, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "STYLE", "title"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const key = [style.color, style.fill, element.tagName, element.className, element.closest("td, th, .card, pre")?.className].join();
    if (seen.has(key) || !element.getClientRects().length) continue;
    seen.add(key);
    const color = rgba(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const back = behind(element);
    const [a, b] = [light(over(color, back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least[0]) least = [ratio, `${element.tagName}.${element.className?.baseVal ?? element.className}: ${walker.currentNode.data}`];
  }
  return least;
})()
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_text_can_be_read_in_light_and_dark(browser, pages, name, dark):
    page = browser.open(pages[name], dark=dark)
    background = page.ask("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(14, 19, 26)" if dark else "rgb(255, 255, 255)")
    least, where = page.ask(CONTRAST)
    assert least >= 4.5, where


def test_the_reader_chooses_light_or_dark(browser, pages):
    page = browser.open(pages["sotu"], dark=False)
    assert page.ask("document.querySelector('#theme').textContent") == "Dark"
    page.click("#theme")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(14, 19, 26)"
    assert page.ask(CONTRAST)[0] >= 4.5
    # What is printed is black on white all the same.
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.call("Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    page.click("#theme")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_for_the_eye_alone(browser, pages, name):
    page = browser.open(pages[name])
    assert page.ask("[...document.querySelectorAll('svg')].filter((s) => s.getAttribute('role') !== 'img' || !s.ariaLabel || !s.querySelector('title')).length") == 0
    assert page.ask("[...document.images].filter((i) => !i.alt.trim()).length") == 0
    assert page.ask("[...document.querySelectorAll('th')].filter((t) => !t.scope).length") == 0
    ids = page.ask("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    links = page.ask("[...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href').slice(1))")
    assert links and set(links) <= set(ids)
    assert page.ask("document.querySelectorAll('h1').length") == 1
    levels = page.ask("[...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))")
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))


def factors(file):
    with safe_open(file, framework="numpy") as model:
        return {name: model.get_tensor(name).tobytes() for name in model.keys() if "." not in name}


def test_the_command_on_a_page_gives_the_same_factors(eckart, tmp_path):
    """Needs no browser: the command as the page has it, of a model that was searched for with settings of its own."""
    from html.parser import HTMLParser

    class Command(HTMLParser):
        text, inside = "", False

        def handle_starttag(self, tag, attributes):
            self.inside = self.inside or dict(attributes).get("id") == "command"

        def handle_endtag(self, tag):
            self.inside = self.inside and tag != "code"

        def handle_data(self, data):
            self.text += data if self.inside else ""

    objective = "sum((X - W @ H)**2) + a*sum(abs(W)) subject to W >= 0, rownorm(H) <= 1"
    settings = ["--param", "a=0.25", "--rank", 5, "--seed", 7, "--n-init", 3, "--max-iter", 12, "--tol", 1e-3]
    eckart("fit", DIGITS, "--objective", objective, *settings, "-o", "first.safetensors", "--report", "fit.html")
    eckart("report", "first.safetensors", DIGITS, "-o", "model.html")
    for page in ["fit.html", "model.html"]:
        parser = Command()
        parser.feed((tmp_path / page).read_text(encoding="utf-8"))
        words = shlex.split(parser.text.replace("\\\n", ""))
        assert words[:2] == ["eckart", "fit"]
        eckart(*words[1:], "--quiet", *([] if page == "fit.html" else ["-o", "first.safetensors"]))
        again = factors(tmp_path / "first.safetensors")
        eckart("fit", DIGITS, "--objective", objective, *settings, "-o", "second.safetensors", "-q")
        assert again == factors(tmp_path / "second.safetensors")
