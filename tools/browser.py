"""A page in headless Chromium, by its DevTools protocol: for the test of the live view and for its picture.

Chromium is not a part of the environment: `apt-get install chromium`. CHROMIUM names another program of its kind.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# WebGL by software; nothing of Chromium's own may go to the network.
OPTIONS = (
    "--headless",
    "--no-first-run",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
POLL_PERIOD = 0.2  # seconds between two looks at the page


def find() -> str | None:
    """Path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, filter(None, (os.environ.get("CHROMIUM"), *NAMES)))), None)


class Page:
    """An open page. Use it in a ``with`` block: the browser ends with it.

    Attributes:
        requests: addresses that the page asked for, WebSockets too.
    """

    def __init__(self, address: str, width: int = 1280, height: int = 720, timeout: float = 120.0):
        """Raises RuntimeError where there is no Chromium, or it does not start within ``timeout`` seconds."""
        program = find()
        if program is None:
            raise RuntimeError("there is no Chromium here: sudo apt-get install -y chromium")
        self._timeout, self._number, self.requests = timeout, 0, []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [
                program,
                *OPTIONS,
                *root,
                f"--user-data-dir={self._profile.name}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._socket = connect(self._target(), max_size=None, open_timeout=timeout)
            self.send("Network.enable")
            self.send("Page.enable")
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self.send("Emulation.setDeviceMetricsOverride", **size)
            self.send("Page.navigate", url=address)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the browser with all of its processes."""
        if hasattr(self, "_socket"):
            self._socket.close()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._profile.cleanup()

    def _target(self) -> str:
        """Address of the DevTools of the first tab; the browser writes its port into its profile."""
        end, told = time.monotonic() + self._timeout, Path(self._profile.name) / "DevToolsActivePort"
        while not (told.is_file() and told.read_text().count("\n")):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("Chromium did not start")
            time.sleep(POLL_PERIOD)
        with urlopen(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list", timeout=self._timeout) as answer:
            return next(tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page")

    def send(self, method: str, **parameters) -> dict:
        """Call a method of the DevTools protocol; its result. Raises RuntimeError with its error."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(self._timeout))
            if said.get("method") == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            elif said.get("method") == "Network.webSocketCreated":
                self.requests.append(said["params"]["url"])
            if said.get("id") == self._number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']}")
                return said["result"]

    def evaluate(self, script: str):
        """The value of a JavaScript expression in the page. Raises RuntimeError where it throws."""
        said = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise RuntimeError(f"{script}: {said['exceptionDetails']}")
        return said["result"].get("value")

    def wait(self, script: str, what: str) -> None:
        """Wait until a JavaScript expression is true. Raises RuntimeError that names ``what``."""
        self.wait_until(lambda: self.evaluate(script), what)

    def wait_until(self, ready, what: str) -> None:
        """Wait until ``ready()``. Raises RuntimeError that names ``what``."""
        end = time.monotonic() + self._timeout
        while not ready():
            if time.monotonic() > end:
                text = self.evaluate("document.body?.innerText")
                raise RuntimeError(f"within {self._timeout:.0f} s there was no {what}; the page says: {text}")
            time.sleep(POLL_PERIOD)

    def wait_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.wait(f"document.body?.innerText.includes({json.dumps(text)})", f"text {text!r}")

    def type(self, text: str, field: str = "form input") -> None:
        """Type a line into a text field that a CSS selector names, as with a keyboard, and press Enter."""
        found = f"document.querySelector({json.dumps(field)})"
        self.wait(f"{found} !== null", f"field {field!r}")
        self.evaluate(f"{found}.focus(), {found}.select()")  # what stands there is typed over
        self.send("Input.insertText", text=text)
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self.send("Input.dispatchKeyEvent", type="keyDown", **key)
        self.send("Input.dispatchKeyEvent", type="keyUp", **key)

    def screenshot(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
