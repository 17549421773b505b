"""What the documents point to exists, and the package declares what its sources import."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
# Modules of the toolchain, which no package declares.
TOOLCHAIN = {"Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Runtime", "Synchronization", "Testing"}
# Links in running text, pictures included, and addresses of HTML in Markdown. A title may follow the address.
INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+<?(\S+?)>?\s*$", re.MULTILINE)
HTML = re.compile(r"(?:src|href|srcset)=\"([^\"]+)\"")
IMPORT = re.compile(
    r"^[ \t]*(?:@\w+[ \t]+)*(?:(?:public|internal)[ \t]+)?import[ \t]+(?:(?:struct|class|enum|func)[ \t]+)?(\w+)[.\w]*$",
    re.MULTILINE,
)


def targets(text: str) -> list[str]:
    """Addresses a document points to, those in code left out."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    return [match for pattern in (INLINE, REFERENCE, HTML) for match in pattern.findall(text)]


def anchors(document: Path) -> set[str]:
    """Anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+\s+(.*?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_targets_are_found():
    text = 'a [b](c.md#d), ![e](f.png "g")\n\n[h]: i.md\n<img src="j.svg">\n`[k](l)`\n```\n[m](n)\n```\n'
    assert targets(text) == ["c.md#d", "f.png", "i.md", "j.svg"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_relative_links_lead_to_files(document):
    broken = []
    for target in targets(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or not file.is_relative_to(REPOSITORY):
            broken.append(target)
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            broken.append(target)
    assert broken == []


def test_documents_with_links_and_pictures_are_among_those_checked():
    found = [target for document in DOCUMENTS for target in targets(document.read_text(encoding="utf-8"))]
    assert any(target.endswith((".png", ".svg")) for target in found)
    assert any(".md" in target for target in found)


@pytest.fixture(scope="module")
def manifest():
    dump = subprocess.run(
        ["swift", "package", "--package-path", REPOSITORY, "dump-package"], capture_output=True, text=True, check=True
    )
    return json.loads(dump.stdout)


def test_targets_declare_what_they_import_and_nothing_else(manifest):
    """What is imported but not declared builds by accident of the order; what is declared but not used only costs."""
    wrong = []
    for target in manifest["targets"]:
        if target["type"] == "system":
            continue
        folder = target.get("path") or ("Tests" if target["type"] == "test" else "Sources") + "/" + target["name"]
        if not any((REPOSITORY / folder).rglob("*.swift")):
            # C includes headers instead.
            continue
        imported = {
            name
            for file in (REPOSITORY / folder).rglob("*.swift")
            for name in IMPORT.findall(file.read_text(encoding="utf-8"))
        } - TOOLCHAIN
        declared = {(kind.get("byName") or kind["product"])[0] for kind in target["dependencies"]}
        # A program that the tests start is built for them, not imported.
        declared -= {other["name"] for other in manifest["targets"] if other["type"] == "executable"} - imported
        wrong += [f"{target['name']} imports {name} and does not declare it" for name in sorted(imported - declared)]
        wrong += [f"{target['name']} declares {name} and does not import it" for name in sorted(declared - imported)]
    assert wrong == []
