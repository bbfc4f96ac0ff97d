"""The kept copies are byte for byte what their readme says."""

import hashlib
import re
from pathlib import Path

import vl_convert

import qatoolkit.analysis.page

VENDOR = Path(qatoolkit.analysis.page.__file__).parent / "vendor"


def test_every_kept_file_has_the_digest_of_the_readme_and_there_is_no_other():
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    told = {name: digest for digest, name in re.findall(r"\b([0-9a-f]{64})  (\S+)", readme)}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    assert {**told, "README.md": found["README.md"]} == found


def test_the_version_is_the_one_of_the_file():
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    head = (VENDOR / "tabulator.min.js").read_text(encoding="utf-8")[:100]
    (version,) = re.findall(r"Tabulator v([\d.]+)", head)
    assert f"| version | {version} |" in readme


def test_vega_is_what_the_bundler_makes_of_it():
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    assert (VENDOR / "vega.min.js").read_bytes() == bundle.encode("utf-8")
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    versions = f"Vega {vl_convert.get_vega_version()}, Vega-Lite {vl_convert.get_vegalite_versions()[-1]}"
    assert f"| name | {versions}, Vega-Embed {vl_convert.get_vega_embed_version()} |" in readme
    assert f"vl-convert-python {vl_convert.__version__} " in readme
