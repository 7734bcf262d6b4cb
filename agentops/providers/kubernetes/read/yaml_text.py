"""Objects as YAML, the form in which readings show one object."""

from __future__ import annotations

from typing import Any


def yaml_text(value: Any) -> str:
    """Return ``value`` as YAML in its own order, texts of several lines as blocks."""
    import yaml

    class YamlDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """A dumper of our own, so that the package's is not changed for others."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: Any, data: str) -> Any:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    YamlDumper.add_representer(str, text)
    return str(yaml.dump(value, Dumper=YamlDumper, sort_keys=False, allow_unicode=True, width=160))
