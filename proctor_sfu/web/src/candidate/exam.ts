// During the exam: how the connection is, what the proctor sees, who is speaking, raising a hand, and messages.

import type { Source, Talk } from "../lib/protocol";
import { strings } from "../strings";
import { attribute, h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Messages } from "../ui/messages";
import type { SourceCard } from "./card";
import type { Voices } from "./voices";

export interface ExamActions {
  raiseHand(raised: boolean): void;
  send(text: string): Promise<boolean>;
  leave(): void;
}

export class ExamView {
  readonly element: HTMLElement;
  readonly messages: Messages;
  readonly #hand: HTMLButtonElement;
  readonly #handLabel = h("span");
  readonly #handNote = h("p", { class: "muted", role: "status" });
  readonly #talk = h("div", { class: "talk", role: "alert" });
  readonly #hear: HTMLButtonElement;
  readonly #speaking = new Map<string, Talk>();
  readonly #dialog: HTMLDialogElement;
  #raised = false;

  constructor(cards: readonly SourceCard[], voices: Voices, actions: ExamActions) {
    const texts = strings.exam;
    this.messages = new Messages(texts.toProctor, texts.noMessages, actions.send);
    this.#hand = h("button", { class: "button button-large hand", type: "button" }, [icon("hand"), this.#handLabel], {
      click: () => actions.raiseHand(!this.#raised),
    });
    this.#hear = h("button", { class: "button button-primary", type: "button", hidden: true }, texts.hear, {
      click: () => void voices.release(),
    });
    this.#dialog = this.#leaveDialog(actions);
    this.element = h("main", { class: "exam" }, [
      this.#talk,
      this.#hear,
      h("section", { class: "exam-sources", "aria-label": texts.yourSources }, [
        h("h2", { class: "unseen" }, texts.yourSources),
        h(
          "div",
          { class: "cards cards-small" },
          cards.map((each) => each.element),
        ),
      ]),
      h("section", { class: "exam-side", "aria-label": texts.messages }, [
        h("h2", { class: "unseen" }, texts.messages),
        h("div", { class: "exam-hand" }, [this.#hand, this.#handNote]),
        this.messages.element,
        h("button", { class: "button button-quiet", type: "button" }, [icon("leave"), texts.leave], {
          click: () => this.#dialog.showModal(),
        }),
      ]),
      this.#dialog,
    ]);
    this.hand(false);
  }

  hand(raised: boolean): void {
    this.#raised = raised;
    attribute(this.#hand, "aria-pressed", String(raised));
    say(this.#handLabel, raised ? strings.exam.lowerHand : strings.exam.raiseHand);
    say(this.#handNote, raised ? strings.exam.handUp : "");
  }

  /** A proctor begins or ends to speak. */
  talk(talk: Talk): void {
    if (talk.on) this.#speaking.set(talk.peerId, talk);
    else this.#speaking.delete(talk.peerId);
    const lines = [...this.#speaking.values()].map(({ to, displayName, peerId }) => {
      const name = displayName || peerId;
      return to === "you" ? strings.exam.talksToYou(name) : strings.exam.talksToAll(name);
    });
    this.#talk.replaceChildren(...lines.map((line) => h("p", {}, [icon("speak"), line])));
    attribute(this.element, "data-talk", lines.length > 0);
  }

  /** These speak now, and nobody else. */
  hear(talks: readonly Talk[]): void {
    for (const each of [...this.#speaking.values()]) this.talk({ ...each, on: false });
    for (const each of talks) this.talk(each);
  }

  held(isHeld: boolean): void {
    this.#hear.hidden = !isHeld;
  }

  #leaveDialog(actions: ExamActions): HTMLDialogElement {
    const texts = strings.exam;
    const dialog: HTMLDialogElement = h("dialog", { class: "dialog", "aria-labelledby": "leave-title" }, [
      h("h2", { id: "leave-title" }, texts.leaveTitle),
      h("p", {}, texts.leaveDetail),
      h("div", { class: "dialog-actions" }, [
        h("button", { class: "button", type: "button" }, texts.stay, { click: () => dialog.close() }),
        h("button", { class: "button button-danger", type: "button" }, texts.leave, { click: () => actions.leave() }),
      ]),
    ]);
    return dialog;
  }
}

/** Whether a source is one of a candidate's own. */
export function isOwn(source: Source): source is "camera" | "screen" | "microphone" {
  return source !== "voice";
}
