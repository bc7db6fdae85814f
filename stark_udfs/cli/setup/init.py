"""`stark init`: a copy of the packaged settings, to edit."""

from pathlib import Path

from rich.console import Console

from stark_udfs.core.errors import SettingsError, StorageError
from stark_udfs.settings.load import packaged_conf, settings_in


def init(folder: Path, console: Console) -> None:
    """Copy every packaged settings file into `folder`; nothing that stands there is written over.

    Raises:
        SettingsError: one of the files is there already.
        StorageError: the folder cannot be written.
    """
    packaged = packaged_conf()
    files = [packaged / name for name in settings_in(packaged)]
    there = [file.name for file in files if (folder / file.name).exists()]
    if there:
        raise SettingsError(f"{folder} has {', '.join(there)} already: nothing was written. Name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.name).write_bytes(file.read_bytes())
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error}.") from error
    found = "" if folder == Path("conf") else f" --conf {folder}"
    console.print(
        f"wrote {len(files)} files to {folder}: base.yml has every setting, the others are targets.\n"
        f"Next: stark{found} --target openai plan",
        highlight=False,
    )
