// Before the exam: the candidate tries out camera, microphone, screen and loudspeaker, then joins.

import { canShareScreen, choices } from "../client/devices";
import { strings } from "../strings";
import { fill, h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import type { Capture, OwnSource } from "./capture";
import type { SourceCard } from "./card";
import type { Voices } from "./voices";

export class CheckView {
  readonly element: HTMLElement;
  readonly #join: HTMLButtonElement;
  readonly #hint = h("p", { class: "check-hint", id: "join-hint", role: "status" });
  readonly #speaker = h("select", { class: "select", "aria-label": strings.check.speaker });
  readonly #speakerBox = h("div", { class: "card-chooser", hidden: true }, [this.#speaker]);

  constructor(
    private readonly capture: Capture,
    cards: readonly SourceCard[],
    private readonly required: readonly OwnSource[],
    voices: Voices,
    join: () => void,
  ) {
    this.#join = h(
      "button",
      { class: "button button-primary button-large", type: "button", "aria-describedby": "join-hint" },
      strings.check.join,
      { click: join },
    );
    this.#speaker.addEventListener("change", () => void voices.playOn(this.#speaker.value));
    this.element = h("main", { class: "check" }, [
      h("div", { class: "check-title" }, [
        h("h2", {}, strings.check.title),
        h("p", { class: "muted" }, strings.check.intro),
      ]),
      h("div", { class: "cards" }, [...cards.map((each) => each.element), this.#loudspeaker(voices)]),
      h("div", { class: "check-foot" }, [this.#hint, this.#join]),
    ]);
    void this.#listSpeakers();
  }

  /** `open`: whether the server lets us in; `joining`: the button was pressed. */
  update(open: boolean, joining: boolean): void {
    const missing = this.required.filter((source) => !this.#there(source));
    this.#join.disabled = !open || joining || missing.length > 0;
    say(this.#join, joining ? strings.check.joining : strings.check.join);
    const names = missing.map((source) => strings.sources[source].toLowerCase());
    say(this.#hint, missing.length > 0 ? strings.check.missing(names) : strings.check.ready);
    if (this.capture.get("microphone").status === "on") void this.#listSpeakers();
  }

  #there(source: OwnSource): boolean {
    const { status } = this.capture.get(source);
    // Where no browser could share a screen, the room's rule is for the proctor to see to, not for a button that never works.
    return status === "on" || status === "silent" || (source === "screen" && !canShareScreen());
  }

  #loudspeaker(voices: Voices): HTMLElement {
    const button = h("button", { class: "button", type: "button" }, strings.check.playSound, {
      click: () => void voices.test(),
    });
    return h("section", { class: "card card-sound", "aria-label": strings.check.sound }, [
      h("header", { class: "card-head" }, [icon("speak"), h("h3", {}, strings.check.sound)]),
      h("p", { class: "card-status" }, strings.check.soundHint),
      h("div", { class: "card-actions" }, [this.#speakerBox, button]),
    ]);
  }

  async #listSpeakers(): Promise<void> {
    if (!("setSinkId" in HTMLMediaElement.prototype)) return;
    const found = await choices("audiooutput");
    this.#speakerBox.hidden = found.length < 2;
    if (this.#speaker.childElementCount === found.length) return;
    fill(
      this.#speaker,
      found.map(({ id, label }) => h("option", { value: id }, label || id)),
    );
  }
}
