"""The documentation runs: examples of docstrings, the programs of README.md, of docs/ and of the guide."""

import contextlib
import doctest
import inspect
import io
import os
import re
import shutil
from pathlib import Path

import pytest

import eckart
import eckart.sklearn

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = sorted(page.name for page in GUIDE.glob("*.md") if page.name != "README.md")
# Pages whose programs need a file that a test makes first are run in test_models.py.
OTHERS = ["README.md", "docs/language.md", "docs/models.md", "docs/names.md"]
ELSEWHERE = ["docs/files.md", "docs/format.md"]


def documented():
    """Every public object of the package, and the public methods of its classes."""
    for module in (eckart, eckart.sklearn):
        for name in module.__all__:
            one = getattr(module, name)
            if name.startswith("__"):
                continue
            yield f"{module.__name__}.{name}", one
            if inspect.isclass(one):
                for member, value in vars(one).items():
                    if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                        yield f"{module.__name__}.{name}.{member}", value


@pytest.mark.parametrize(("name", "one"), list(documented()), ids=lambda value: value if isinstance(value, str) else "")
def test_everything_public_is_documented_and_its_examples_run(name, one):
    text = inspect.getdoc(one)
    assert text, f"{name} has no documentation"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(doctest.DocTestParser().get_doctest(text, {}, name, None, 0))
    assert runner.summarize(verbose=False).failed == 0


def test_examples_are_not_lost():
    tried = [name for name, one in documented() if ">>>" in (inspect.getdoc(one) or "")]
    assert {"eckart.factorize", "eckart.Expr", "eckart.grad", "eckart.sklearn.NMF"} <= set(tried) and len(tried) >= 20


def blocks(text):
    """The programs of a page, each with what it is said to print."""
    found = re.findall(r"```(python|text)\n(.*?)```", text, flags=re.DOTALL)
    for at, (kind, program) in enumerate(found):
        if kind == "python":
            said = found[at + 1][1] if at + 1 < len(found) and found[at + 1][0] == "text" else None
            yield program, said


def run(page_text, folder):
    """Runs the programs of a page one after the other, as in a checkout, and returns what differs from the page."""
    (folder / "docs" / "guide").mkdir(parents=True)
    (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    here, differences, names = Path.cwd(), [], {}
    os.chdir(folder)
    try:
        for program, said in blocks(page_text):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(program, "<page>", "exec"), names)
            if said is not None and not alike(said, printed.getvalue()):
                differences.append(f"the page says\n{said}and the program prints\n{printed.getvalue()}")
    finally:
        os.chdir(here)
    return differences


NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")


def alike(said, printed):
    """Whether the words are the same, and numbers but for one unit of their last digit: another processor rounds otherwise."""
    if NUMBER.sub("#", said).split() != NUMBER.sub("#", printed).split():
        return False
    return all(nearly(a.replace(",", ""), b.replace(",", "")) for a, b in zip(NUMBER.findall(said), NUMBER.findall(printed)))


def nearly(said, printed):
    digits, _, exponent = said.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
    return abs(float(said) - float(printed)) <= 1.001 * unit


def test_the_front_page_says_what_the_guide_prints():
    front = re.search(r"it is (\d+) % from the truth \(\[guide\]", (ROOT / "README.md").read_text(encoding="utf-8"))
    guide = re.search(r"squares: (\d+)% from the truth", (GUIDE / "own_objective.md").read_text(encoding="utf-8"))
    assert front and guide and front[1] == guide[1]


def test_numbers_of_a_page_are_those_that_are_printed():
    assert alike("53% of 3,586, RMSE 0.84, cost 1.5e-3", "54% of 3,586, RMSE 0.83, cost 1.6e-3")
    for printed in ["55% of 3,586", "53% of 3,611", "53% of 3586 more"]:
        assert not alike("53% of 3,586", printed)
    assert not alike("RMSE 0.84", "RMSE 0.86") and not alike("cost 1.5e-3", "cost 1.7e-3")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_guide_runs_and_prints_what_it_says(page, tmp_path):
    text = (GUIDE / page).read_text(encoding="utf-8")
    differences = run(text, tmp_path)
    assert not differences, "\n".join(differences)
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text):
        made, kept = tmp_path / "docs" / "guide" / picture, GUIDE / picture
        assert made.stat().st_size > 1000, f"{page} does not make {picture}"
        if os.environ.get("ECKART_BLESS") == "1":
            shutil.copy(made, kept)
        assert kept.stat().st_size < 60_000, f"{picture} is missing or large"


def test_the_guide_s_index_names_every_page():
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    assert len(PAGES) == 6 and all(f"({page})" in index for page in PAGES)


@pytest.mark.parametrize("page", OTHERS)
def test_the_programs_of_a_page_print_what_it_says(page, tmp_path):
    differences = run((ROOT / page).read_text(encoding="utf-8"), tmp_path)
    assert not differences, "\n".join(differences)


def test_no_page_with_programs_is_left_out():
    pages = {"README.md": ROOT / "README.md"} | {f"docs/{page.name}": page for page in (ROOT / "docs").glob("*.md")}
    texts = {name: page.read_text(encoding="utf-8") for name, page in pages.items()}
    assert sorted(name for name, text in texts.items() if "```python\n" in text) == sorted(OTHERS + ELSEWHERE)
    library = (ROOT / "crates" / "eckart" / "src" / "lib.rs").read_text(encoding="utf-8")
    compiled = {name for name in texts if f'include_str!("../../../{name}")' in library}
    assert compiled == {name for name, text in texts.items() if "```rust" in text}
