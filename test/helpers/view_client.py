"""A client of the live view without a browser: reads what the page would be sent, and says what it would say."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import msgspec
import numpy as np
import viser
import zstandard
from websockets.sync.client import connect


class ViewClient:
    """Keeps what the page would show.

    Attributes:
        nodes: things in the scene, by name: their properties, arrays as numpy arrays.
        poses: name -> (wxyz, position), as far as they were said.
        gui: elements of the panel, by identifier: their messages.
    """

    def __init__(self, address: str, origin: str | None = None):
        self._socket = connect(
            f"ws://{urlsplit(address).netloc}",
            subprotocols=[f"viser-v{viser.__version__}"],
            origin=origin,
            max_size=None,
            compression=None,
        )
        self.nodes: dict[str, dict] = {}
        self.poses: dict[str, dict] = {}
        self.gui: dict[str, dict] = {}
        # The server takes nothing from a client before it knows its camera.
        self.say(
            "ViewerCameraMessage",
            wxyz=(1.0, 0.0, 0.0, 0.0),
            position=(0.0, 0.0, 1.0),
            fov=1.0,
            near=0.01,
            far=10.0,
            image_height=480,
            image_width=640,
            look_at=(0.0, 0.0, 0.0),
            up_direction=(0.0, 0.0, 1.0),
        )

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    @property
    def words(self) -> str:
        """The HTML of the panel."""
        return "\n".join(g["props"]["content"] for g in self.gui.values() if g["type"] == "GuiHtmlMessage")

    def say(self, kind: str, **fields) -> None:
        """Send a message of the page."""
        self._socket.send(msgspec.msgpack.encode({"type": kind, **fields}))

    def type(self, text: str) -> None:
        """Type an instruction and press Enter."""
        field = next(g["uuid"] for g in self.gui.values() if g["type"] == "GuiTextMessage")
        form = next(g["uuid"] for g in self.gui.values() if g["type"] == "GuiFormMessage")
        self.say("GuiUpdateMessage", uuid=field, updates={"value": text})
        self.say("GuiFormSubmitMessage", uuid=form)

    def wait(self, ready, what: str, timeout: float = 240.0) -> None:
        """Read until ``ready(self)``; fails the test after ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while not ready(self):
            try:
                self._take(self._socket.recv(max(end - time.monotonic(), 0.01)))
            except TimeoutError:
                raise AssertionError(f"no {what}; the scene has {sorted(self.nodes)}, and says {self.words}") from None

    def _take(self, data: bytes) -> None:
        size = int.from_bytes(data[8:16], "little")
        said = msgspec.msgpack.decode(zstandard.decompress(data[16 : 16 + size]))
        buffers, at = [], 16 + size
        for length in said["binaryBufferLengths"]:
            at += -at % 8
            buffers.append(data[at : at + length])
            at += length
        for message in said["messages"]:
            self._apply(_with_arrays(message, buffers))

    def _apply(self, message: dict) -> None:
        kind, name = message["type"], message.get("name")
        if kind == "RemoveSceneNodeMessage":
            self.nodes.pop(name, None)
            self.poses.pop(name, None)
        elif kind in ("SetOrientationMessage", "SetPositionMessage"):
            self.poses.setdefault(name, {}).update({k: message[k] for k in ("wxyz", "position") if k in message})
        elif name is not None and "props" in message:
            self.nodes[name] = message["props"]
        elif kind == "GuiUpdateMessage":
            self.gui[message["uuid"]]["props"].update(message["updates"])
        elif kind.startswith("Gui") and "props" in message:
            self.gui[message["uuid"]] = message


def _with_arrays(value, buffers):
    if isinstance(value, dict):
        if "__binary_index" in value:
            return np.frombuffer(buffers[value["__binary_index"]], value["dtype"])
        return {key: _with_arrays(item, buffers) for key, item in value.items()}
    return [_with_arrays(item, buffers) for item in value] if isinstance(value, list) else value
