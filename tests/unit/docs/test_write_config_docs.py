"""config/README.md is current, and every key is described."""

from scripts.docs.write_config_docs import PAGE, keys, page


def test_the_page_is_current():
    assert PAGE.read_text() == page(), "run `python -m scripts.docs.write_config_docs`"


def test_nested_keys_are_listed_with_their_path():
    schema = {"properties": {"a": {"properties": {"b": {"enum": [1, 2], "description": "d"}}}}}
    assert keys(schema) == [("a.b", "1 or 2", "d")]
