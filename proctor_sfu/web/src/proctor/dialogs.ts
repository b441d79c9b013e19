// The dialogs of the proctor's page: those that ask for a few words about a candidate, and the list of keys.

import { KEYS } from "../lib/keys";
import { strings } from "../strings";
import { h, say } from "../ui/dom";

const LETTERS = "psfu.letters";

export interface NoteTexts {
  title(name: string): string;
  readonly detail: string;
  readonly note: string;
  readonly save: string;
  readonly failed: string;
}

let dialogs = 0;

export class NoteDialog {
  readonly #title: HTMLElement;
  readonly #note: HTMLTextAreaElement;
  readonly #problem = h("p", { class: "compose-problem", role: "alert" });
  readonly element: HTMLDialogElement;
  #peerId = "";
  #saving = false;

  /** `save` returns whether it was done. */
  constructor(
    private readonly texts: NoteTexts,
    private readonly save: (peerId: string, note: string) => Promise<boolean>,
  ) {
    const id = `note-${dialogs++}`;
    this.#title = h("h2", { id });
    this.#note = h("textarea", {
      class: "compose-input note",
      rows: 3,
      maxlength: 1000,
      "aria-label": texts.note,
      placeholder: texts.note,
    });
    const actions = h("div", { class: "dialog-actions" }, [
      h("button", { class: "button", type: "button" }, strings.cancel, { click: () => this.element.close() }),
      h("button", { class: "button button-primary", type: "submit" }, texts.save),
    ]);
    const form = h(
      "form",
      { class: "note-form" },
      [this.#title, h("p", { class: "muted" }, texts.detail), this.#note, this.#problem, actions],
      {
        submit: (event) => {
          event.preventDefault();
          void this.#submit();
        },
        keydown: (event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#submit();
        },
      },
    );
    this.element = h("dialog", { class: "dialog", "aria-labelledby": id }, [form]);
  }

  open(peerId: string, name: string): void {
    this.#peerId = peerId;
    say(this.#title, this.texts.title(name));
    say(this.#problem, "");
    this.#note.value = "";
    this.element.showModal();
    this.#note.focus();
  }

  async #submit(): Promise<void> {
    // A second press while the first is on its way would do it twice.
    if (this.#saving) return;
    this.#saving = true;
    const about = this.#peerId;
    const saved = await this.save(about, this.#note.value.trim());
    this.#saving = false;
    // It may have been opened for somebody else meanwhile.
    if (about !== this.#peerId) return;
    if (saved) this.element.close();
    else say(this.#problem, this.texts.failed);
  }
}

export class HelpDialog {
  readonly element: HTMLDialogElement;
  readonly #letters = h("input", { type: "checkbox", id: "letters" });

  constructor(mayAct: boolean) {
    const acting = new Set(["whisper", "announce", "message", "bookmark"]);
    const rows = KEYS.filter(({ command }) => mayAct || !acting.has(command)).map(({ keys, command }) =>
      h("div", { class: "help-row" }, [
        h(
          "dt",
          {},
          keys.map((each) => h("kbd", {}, strings.help.keys[each] ?? each)),
        ),
        h("dd", {}, strings.help.commands[command]),
      ]),
    );
    const walking = h("div", { class: "help-row" }, [
      h("dt", {}, [h("kbd", {}, "← ↑ → ↓"), h("kbd", {}, strings.help.enter)]),
      h("dd", {}, strings.help.walk),
    ]);
    this.#letters.checked = localStorage.getItem(LETTERS) !== "off";
    this.#letters.addEventListener("change", () => localStorage.setItem(LETTERS, this.letters ? "on" : "off"));
    this.element = h("dialog", { class: "dialog help", "aria-labelledby": "help-title" }, [
      h("h2", { id: "help-title" }, strings.help.title),
      h("dl", { class: "help-keys" }, [walking, ...rows]),
      h("label", { class: "help-letters" }, [this.#letters, strings.help.letters]),
      h("div", { class: "dialog-actions" }, [
        h("button", { class: "button", type: "button" }, strings.close, { click: () => this.element.close() }),
      ]),
    ]);
  }

  /** Whether single characters are shortcuts. */
  get letters(): boolean {
    return this.#letters.checked;
  }
}
