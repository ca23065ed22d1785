"""A small client of Chromium's DevTools protocol, over a pipe: pages opened, asked, pressed, pictured; no package needed."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell")


def find_chromium():
    """The Chromium to drive: ECKART_CHROMIUM, else the first of its usual names on the path; None where there is none."""
    named = os.environ.get("ECKART_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A headless Chromium of its own, which ends with the `with` block."""

    def __init__(self, path):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()

        def pipes():
            # The browser reads commands from 3 and answers on 4; neither may be overwritten on the way.
            ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_child, from_child)]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        environment = dict(os.environ)
        # A browser that was fetched for the tests has libraries and fonts beside it, for machines that lack them.
        beside = Path(path).absolute().parent
        if (beside / "al2023" / "lib").is_dir():
            fonts = Path(self._folder.name) / "fonts.conf"
            fonts.write_text(f"<fontconfig><dir>/usr/share/fonts</dir><dir>{beside / 'fonts'}</dir></fontconfig>", encoding="utf-8")
            environment |= {"LD_LIBRARY_PATH": str(beside / "al2023" / "lib"), "FONTCONFIG_FILE": str(fonts)}
        options = [
            "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-extensions",
            "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--force-color-profile=srgb", f"--user-data-dir={self._folder.name}",
        ]  # fmt: skip
        if os.geteuid() == 0:
            # Chromium refuses its sandbox to root. Pages here are our own.
            options.append("--no-sandbox")
        self._process = subprocess.Popen(
            [path, *options], preexec_fn=pipes, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def call(self, method, session=None, **params):
        """Sends a command and returns its result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self._next(deadline)
            if answer.get("id") == message["id"]:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, session, event):
        """Waits until an event of a page has come."""
        deadline = time.monotonic() + 60
        while not any(e.get("sessionId") == session and e["method"] == event for e in self.events):
            self.events.append(self._next(deadline))

    def _next(self, deadline):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self._read, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, file, width=1280, height=900, dark=False, scripts=True):
        """Opens a file as a page and waits until it has loaded."""
        return Page(self, file, width, height, dark, scripts)


class Page:
    """An open page."""

    def __init__(self, browser, file, width, height, dark, scripts):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.call("Page.navigate", url=file.absolute().as_uri())
        browser.wait_for(self.session, "Page.loadEventFired")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def ask(self, script):
        """The value of an expression of JavaScript."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def complaints(self):
        """What the page has said to the console as an error or a warning."""
        self.ask("1")
        own = [e for e in self.browser.events if e.get("sessionId") == self.session]
        said = [e["params"] for e in own if e["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]
        said += [e["params"] for e in own if e["method"] == "Runtime.consoleAPICalled" and e["params"]["type"] in ("error", "warning", "assert")]
        return said

    def requests(self):
        """The addresses that the page has asked for."""
        own = [e for e in self.browser.events if e.get("sessionId") == self.session]
        return [e["params"]["request"]["url"] for e in own if e["method"] == "Network.requestWillBeSent"]

    def move(self, x, y):
        """Moves the pointer to a place of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector):
        """Presses the middle of an element, as a pointer would."""
        box = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def picture(self, file, whole=True, clip=None):
        """Writes a picture of the page, or of a part of it: (x, y, width, height)."""
        params = {"format": "png", "captureBeyondViewport": whole}
        if clip:
            params["clip"] = dict(zip(("x", "y", "width", "height"), clip), scale=1)
        elif whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            params["clip"] = dict(x=0, y=0, width=size["width"], height=size["height"], scale=1)
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **params)["data"]))
