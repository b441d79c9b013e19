"""What people do on the two pages, in their words: join, raise a hand, focus, whisper."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from end_to_end.browser.chromium import LIMIT, Chromium, Window, until
from end_to_end.browser.face import Rgb

_TRACK = "(selector) => document.querySelector(selector)?.srcObject?.getTracks()[0]?.id"
CORNER = """(selector) => {
    const video = document.querySelector(selector);
    if (!video || !video.videoWidth) return null;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, video.videoWidth / 12, video.videoHeight / 12, 0, 0, 8, 8);
    const pixels = context.getImageData(0, 0, 8, 8).data;
    const sums = [0, 0, 0];
    pixels.forEach((value, at) => {
        if (at % 4 < 3) sums[at % 4] += value;
    });
    return sums.map((sum) => sum / 64);
}"""
BUSY = "(milliseconds) => { const end = performance.now() + milliseconds; while (performance.now() < end); }"
PAPER = """(() => {
    // A screen with an exam on it, since Chromium's own fake screen is a test pattern.
    navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = document.createElement("canvas");
        Object.assign(canvas, { width: 1600, height: 900 });
        const context = canvas.getContext("2d");
        const lines = [
            "Biology 101: final examination",
            "",
            "4.  A cell is placed in a solution of higher concentration.",
            "     What happens to the volume of its vacuole, and why?",
            "",
            "     (a)  It shrinks, because water leaves the cell by osmosis.",
            "     (b)  It grows, because salts enter.",
            "     (c)  Nothing, the wall keeps the volume constant.",
            "",
            "5.  Name two organelles with DNA of their own.",
        ];
        const draw = () => {
            context.fillStyle = "#e9edf2";
            context.fillRect(0, 0, 1600, 900);
            context.fillStyle = "#ffffff";
            context.fillRect(170, 60, 1260, 900);
            context.fillStyle = "#1c2733";
            lines.forEach((line, index) => {
                context.font = index ? "30px sans-serif" : "bold 44px sans-serif";
                context.fillText(line, 230, 150 + index * 64);
            });
            context.fillRect(300 + (Date.now() / 40) % 300, 800, 14, 34);
        };
        draw();
        setInterval(draw, 200);
        return canvas.captureStream(5);
    };
    // Chromium names a fake camera after its file.
    const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
    navigator.mediaDevices.enumerateDevices = async () => (await list()).map(({ deviceId, kind, groupId, label }) => ({
        deviceId, kind, groupId, label: label.includes("/") ? "Integrated camera" : label.replace("Fake ", ""),
    }));
})()"""
"""For pictures that people look at."""
SCROLLING = """(() => {
    // A screen full of text that moves until it is told to rest.
    navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = document.createElement("canvas");
        Object.assign(canvas, { width: 1600, height: 900 });
        const context = canvas.getContext("2d");
        const words = "cell vacuole osmosis organelle membrane question why solution concentration".split(" ");
        let drawn = 0;
        const draw = () => {
            if (globalThis.resting) return;
            drawn += 1;
            context.fillStyle = "#ffffff";
            context.fillRect(0, 0, 1600, 900);
            context.fillStyle = "#1c2733";
            context.font = "22px sans-serif";
            const above = Math.floor(drawn * 6 / 26);
            for (let line = 0; line < 36; line += 1) {
                const text = Array.from({ length: 14 }, (_, word) => words[((line + above) * 7 + word * 3) % 9]);
                context.fillText(text.join(" "), 30, 26 + line * 26 - (drawn * 6) % 26);
            }
        };
        draw();
        setInterval(draw, 200);
        return canvas.captureStream(5);
    };
})()"""
LIKE = 24
"""How much each of red, green and blue may be off after all encoding."""


def pitch_is(heard: Callable[[], float | None], hertz: float, within: float) -> None:
    """Wait until a page plays this pitch: what it plays first may be the end of silence."""
    pitches: list[float | None] = []

    def right() -> bool:
        pitches.append(heard())
        return pitches[-1] is not None and abs(pitches[-1] - hertz) <= within

    until(right, lambda: f"heard were {pitches}, not {hertz} Hz")


def like(colour: Any, wall: Rgb) -> bool:
    """Whether a colour that a page found, if it found one, is that of a wall."""
    return colour is not None and all(abs(a - b) < LIKE for a, b in zip(colour, wall, strict=True))


class Candidate:
    """Somebody who sits the exam."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page

    @classmethod
    def opens(cls, browser: Chromium, room: str, peer: str, **options: Any) -> Candidate:
        """Open the page in an open room."""
        return cls(browser.open("candidate", room, peer, **options))

    @classmethod
    def at(cls, browser: Chromium, link: str) -> Candidate:
        """Open a link."""
        return cls(browser.follow(link))

    def share_screen(self) -> None:
        self.page.get_by_role("button", name="Share your screen").click()
        self.until_source("screen", "on")

    def join(self) -> Candidate:
        """Wait for the devices, then join."""
        self.until_ready()
        self.page.get_by_role("button", name="Join the exam").click()
        self.page.get_by_role("button", name="Raise hand").wait_for()
        return self

    def is_in(self) -> bool:
        """Whether the page is in the exam."""
        return self.page.get_by_role("button", name="Leave the exam").is_visible()

    def until_ready(self) -> None:
        """Wait until camera and microphone, each of which opens in its own time, are there."""
        for source in ("camera", "microphone"):
            self.until_source(source, "on")

    def until_source(self, source: str, status: str) -> None:
        self.window.until(f"document.querySelector('.card[data-source={source}]')?.dataset.status === '{status}'")

    def until_says(self, title: str) -> None:
        """Wait until the banner begins with these words."""
        self.window.until("(title) => document.querySelector('.banner strong')?.textContent.startsWith(title)", title)


class Proctor:
    """Somebody who watches."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page

    @classmethod
    def opens(cls, browser: Chromium, room: str, peer: str, **options: Any) -> Proctor:
        """Open the page in an open room."""
        return cls(browser.open("proctor", room, peer, **options))

    @classmethod
    def at(cls, browser: Chromium, link: str) -> Proctor:
        """Open a link."""
        return cls(browser.follow(link))

    def meets(self, *peers: str) -> Proctor:
        """Wait until these candidates are on the wall."""
        for peer in peers:
            self.page.locator(self.tile(peer)).wait_for()
        return self

    def tile(self, peer: str) -> str:
        """Return the selector of a candidate's tile."""
        return f'.tile-place[data-peer="{peer}"]'

    def taps(self, letter: str) -> None:
        """Tap a key for a tenth of a second, of which the page hears later: it is busy meanwhile."""
        chrome = self.page.context.new_cdp_session(self.page)
        key, began = {"key": letter, "code": f"Key{letter.upper()}"}, time.time()
        chrome.send("Input.dispatchKeyEvent", {"type": "keyDown", "timestamp": began, **key})
        self.page.evaluate(BUSY, 700)
        chrome.send("Input.dispatchKeyEvent", {"type": "keyUp", "timestamp": began + 0.1, **key})
        chrome.detach()

    def sees(self, peer: str, wall: Rgb, *, where: str = "") -> None:
        """Wait until the picture of ``peer`` shows somebody before this wall."""
        selector = where or f"{self.tile(peer)} .picture-camera video"
        seen: list[Any] = []

        def right() -> bool:
            colour = self.page.evaluate(CORNER, selector)
            seen.append(colour)
            return like(colour, wall)

        until(right, lambda: f"{self.window.name} sees {seen[-1]} of {peer}, not {wall}")

    def until_moves(self, peer: str, *, source: str = "camera", limit: float = LIMIT) -> None:
        """Wait until new pictures of ``peer`` arrive."""
        selector = f"{self.tile(peer)} .picture-{source} video"
        frames = "(s) => document.querySelector(s)?.getVideoPlaybackQuality().totalVideoFrames ?? 0"
        before = self.page.evaluate(frames, selector)
        # Counted from the beginning where the track is another one by now.
        more = f"([s, n]) => {{ const now = ({frames})(s); return now > (now < n ? 3 : n + 3); }}"
        self.window.until(more, [selector, before], limit=limit)

    def track(self, peer: str) -> str:
        """Return the id of the track its tile shows."""
        return str(self.page.evaluate(_TRACK, f"{self.tile(peer)} .picture-camera video"))

    def until_begun_anew(self, peer: str, before: str, *, limit: float) -> None:
        """Wait until the tile shows another track than ``before``: everything was made anew."""
        other = f"([selector, before]) => {{ const now = ({_TRACK})(selector); return now && now !== before; }}"
        self.window.until(other, [f"{self.tile(peer)} .picture-camera video", before], limit=limit)

    def focus(self, peer: str) -> None:
        self.page.locator(f"{self.tile(peer)} button").click()
        self.page.locator(".focus").wait_for()

    def rests(self) -> None:
        """Leave whoever is in focus, and show the cameras of all."""
        if self.page.locator(".focus").is_visible():
            self.page.locator(".focus").get_by_role("button", name="Back to the wall").click()
            self.page.locator(".focus").wait_for(state="hidden")
        self.page.get_by_role("button", name="Camera", exact=True).click()

    def until_wide(self, selector: str, width: int) -> None:
        """Wait until the picture of a video is so many pixels wide.

        That needs a browser that sends it so: on a busy machine Chromium at times stops its larger layers for a while,
        whatever it is asked for.
        """
        wide = "([selector, width]) => document.querySelector(selector)?.videoWidth === width"
        self.window.until(wide, [selector, width])

    def until_wider(self, selector: str, width: int) -> int:
        """Wait until the picture of a video is wider than so many pixels, however wide the browser sends it."""
        self.window.until(
            "([selector, width]) => document.querySelector(selector)?.videoWidth > width", [selector, width]
        )
        return self.width(selector)

    def width(self, selector: str) -> int:
        """Return how many pixels wide the picture of a video is."""
        return int(self.page.evaluate("(selector) => document.querySelector(selector).videoWidth", selector))
