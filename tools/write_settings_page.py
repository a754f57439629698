"""Write docs/settings.md from the settings themselves, so that it cannot go stale."""

from __future__ import annotations

from pathlib import Path

from dwellmap.site_file import Settings

HEAD = """# Settings

Each of these has a sensible value without being named. Change one for a site in the site file,

```toml
[settings.maps]
revisit_s = 5.0
```

or for one run with `--set maps.revisit_s=5`. The recipe of every run (`run.json`) holds all of them.
This page is made by `python tools/write_settings_page.py`.

| setting | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = []
    for table, field in Settings.model_fields.items():
        model = field.annotation
        if model is None:
            continue
        for name, setting in model.model_fields.items():
            default = f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)
            rows.append(f"| `{table}.{name}` | {default} | {setting.description} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path("docs/settings.md").write_text(page(), encoding="utf-8")
